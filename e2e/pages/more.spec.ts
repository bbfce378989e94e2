import { expect, test, type Page } from '@playwright/test'
import { customer, document, failedRun, run, runs, versions } from '../support/fixtures'
import { mockApi } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const problem = (status: number, code: string, detail: string) => ({
  __status: status,
  type: 'about:blank',
  title: detail,
  status,
  code,
  detail,
})

test.describe('a run that was moved', () => {
  const moved = {
    ...run,
    steps: run.steps.map((step, index) =>
      index === run.steps.length - 1
        ? { ...step, moves: [{ from: 6, to: 7, undo: false, by: 'Bo Builder', at: run.started_at }] }
        : step,
    ),
  }
  const line = (page: Page) => page.getByRole('group', { name: 'Moved to another version' })

  test('is moved back from its page', async ({ page }) => {
    let back = false
    const calls = await mockApi(page, {
      [`GET /runs/${run.id}`]: () => (back ? { ...run, version: 6 } : moved),
      'POST /workflows/wf1/moves/undo': () => {
        back = true
        return { items: [{ run: run.id, version: 6, reason: null }] }
      },
    })
    await page.goto(`${ui.url}/runs/${run.id}`)
    await expect(line(page)).toContainText('Moved from version 6 to 7 by Bo Builder')
    await shoot(page, 'run-moved')
    await accessible(page)
    await line(page).getByRole('button', { name: 'Move back' }).click()
    const dialog = page.getByRole('dialog', { name: 'Move this run back to version 6?' })
    expect(calls.filter((call) => call.method === 'POST')).toHaveLength(0)
    await dialog.getByRole('button', { name: 'Move back' }).click()
    await expect(page.getByText('The run is back on version 6.')).toBeVisible()
    await expect(line(page)).toBeHidden()
    await expect(page.getByRole('link', { name: 'v6' })).toBeVisible()
    expect(calls.find((call) => call.method === 'POST')?.body).toEqual({ runs: [run.id] })
  })

  test('says why it stays', async ({ page }) => {
    await mockApi(page, {
      [`GET /runs/${run.id}`]: moved,
      'POST /workflows/wf1/moves/undo': {
        items: [
          { run: run.id, version: null, reason: 'something has happened since it was moved: it goes on where it is' },
        ],
      },
    })
    await page.goto(`${ui.url}/runs/${run.id}`)
    await line(page).getByRole('button', { name: 'Move back' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Move back' }).click()
    await expect(dialog.getByRole('alert')).toContainText('something has happened since')
    await expect(dialog.getByRole('button', { name: 'Move back' })).toBeDisabled()
  })

  test('offers nothing once it went on, was moved back, or to who may not build', async ({ page }) => {
    let answer: object = { ...moved, steps: [...moved.steps, { ...moved.steps[0], visit: 6 }] }
    await mockApi(page, { [`GET /runs/${run.id}`]: () => answer })
    await page.goto(`${ui.url}/runs/${run.id}`)
    await expect(page.getByRole('list', { name: 'Steps' })).toBeVisible()
    await expect(line(page)).toBeHidden()
    answer = {
      ...moved,
      steps: moved.steps.map((step) =>
        'moves' in step
          ? {
              ...step,
              moves: [
                ...(step.moves as object[]),
                { from: 7, to: 6, undo: true, by: 'Bo Builder', at: run.started_at },
              ],
            }
          : step,
      ),
    }
    await page.reload()
    await expect(page.getByRole('list', { name: 'Steps' })).toBeVisible()
    await expect(line(page)).toBeHidden()
    await mockApi(page, {
      [`GET /runs/${run.id}`]: moved,
      'GET /auth/me': {
        user: { id: 'u1', email: 'o@example.com', name: 'O' },
        workspace: { id: 'w1', slug: 'demo', name: 'Demo' },
        role: 'operator',
        groups: [],
      },
    })
    await page.reload()
    await expect(line(page)).toBeVisible()
    await expect(line(page).getByRole('button')).toBeHidden()
  })
})

test.describe('versions', () => {
  const older = { ...versions[1], version: 5, message: 'The very first' }
  const three = { items: [...versions, older], next: null }

  test('are used by key and palette', async ({ page }) => {
    const calls = await mockApi(page, {
      'GET /workflows/wf1/versions': three,
      'POST /workflows/wf1/fork': {
        id: 'wf1',
        name: 'x',
        draft: document,
        draft_revision: 13,
        active_version: 7,
        diagnostics: [],
      },
      'POST /workflows/wf1/moves': { items: [], more: false },
    })
    await page.goto(`${ui.url}/workflows/wf1/versions`)
    const list = page.getByRole('list', { name: 'Versions' })
    const chosen = list.locator('[aria-current=true]')
    await expect(chosen).toContainText('v6')
    await page.keyboard.press('b')
    await expect(page.getByRole('dialog', { name: 'Make version 6 the active one?' })).toBeVisible()
    await page.keyboard.press('Escape')
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await expect(chosen).toContainText('v5')
    await page.keyboard.press('m')
    await expect(page.getByRole('dialog', { name: 'Move waiting runs to version 5' })).toBeVisible()
    await page.keyboard.press('Escape')
    await page.keyboard.press('r')
    await expect(page.getByRole('dialog', { name: 'Send a part of the new runs to version 5' })).toBeVisible()
    await page.keyboard.press('Escape')
    await page.keyboard.press('t')
    await expect(page.getByRole('dialog')).toBeVisible()
    await page.keyboard.press('Escape')
    await page.keyboard.press('c')
    await expect(page).toHaveURL(/from=5&to=draft/)
    await page.keyboard.press('f')
    await expect(page.getByText('The draft is version 5 now.')).toBeVisible()
    expect(calls.find((call) => call.path.endsWith('/fork'))?.body).toEqual({ version: 5 })

    await page.keyboard.press('k')
    await page.keyboard.press('k')
    await expect(chosen).toContainText('v7')
    await page.keyboard.press('b')
    await expect(page.getByRole('dialog')).toBeHidden()
    await page.keyboard.press('?')
    const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    for (const line of [
      'Compare version 7 with the draft',
      'Make the draft from version 7',
      'Move waiting runs to version 7…',
      'Back-test version 7…',
      'Choose the next version',
    ])
      await expect(sheet.getByText(line)).toBeVisible()
    await accessible(page)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await page.getByPlaceholder('Type a command').fill('roll back 5')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('dialog', { name: 'Make version 5 the active one?' })).toBeVisible()
    await accessible(page)
  })

  test('a rollback is taken back, ramp and all', async ({ page }) => {
    const ramped = { items: [versions[0], { ...versions[1], ramp_percent: 20 }, older], next: null }
    const calls = await mockApi(page, {
      'GET /workflows/wf1/versions': ramped,
      'POST /workflows/wf1/rollback': versions[1],
      'PUT /workflows/wf1/ramp': {},
    })
    await page.goto(`${ui.url}/workflows/wf1/versions`)
    await page
      .getByRole('listitem')
      .filter({ hasText: 'The very first' })
      .getByRole('button', { name: 'Roll back to this' })
      .click()
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back to this' }).click()
    await expect(page.getByText('Version 5 is active.')).toBeVisible()
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect(page.getByText('Version 7 is active.')).toBeVisible()
    expect(calls.filter((call) => call.path.endsWith('/rollback')).map((call) => call.body)).toEqual([
      { version: 5, expected_active: 7 },
      { version: 7, expected_active: 5, message: 'Taken back' },
    ])
    expect(calls.find((call) => call.path.endsWith('/ramp'))?.body).toEqual({ version: 6, percent: 20 })
  })

  test('a rollback that somebody else went past is not taken back', async ({ page }) => {
    await mockApi(page, {
      'POST /workflows/wf1/rollback': (body: { version: number }) =>
        body.version === 6 ? versions[1] : problem(409, 'active_changed', 'Another version became active meanwhile'),
    })
    await page.goto(`${ui.url}/workflows/wf1/versions`)
    await expect(page.getByRole('list', { name: 'Versions' })).toBeVisible()
    await page.keyboard.press('b')
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back to this' }).click()
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect(page.getByText('Another version became active meanwhile')).toBeVisible()
  })
})

test.describe('saved views', () => {
  const view = (id: string, name: string) => ({ id, name, search: { status: 'failed' }, created_at: 1 })
  const manage = async (page: Page) => {
    await page.goto(`${ui.url}/runs`)
    await expect(page.getByRole('table', { name: 'Runs' })).toBeVisible()
    await page.keyboard.press('v')
    await page.keyboard.press('m')
    return page.getByRole('dialog', { name: 'Manage views…' })
  }

  test('are opened by key and palette', async ({ page }) => {
    await mockApi(page)
    await page.goto(`${ui.url}/runs`)
    await expect(page.getByRole('table', { name: 'Runs' })).toBeVisible()
    await page.keyboard.press('v')
    await page.keyboard.press('1')
    await expect(page).toHaveURL(/status=failed/)
    await page.keyboard.press('v')
    await page.keyboard.press('s')
    await expect(page.getByRole('dialog', { name: 'Save this view…' })).toBeVisible()
    await page.goto(`${ui.url}/runs`)
    await expect(page.getByRole('table', { name: 'Runs' })).toBeVisible()
    await page.keyboard.press('Control+k')
    await page.getByPlaceholder('Type a command').fill('Failed today')
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/status=failed/)
    await page.keyboard.press('?')
    await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByText('View: Failed today')).toBeVisible()
  })

  test('are renamed and forgotten at once, before the server answers', async ({ page }) => {
    let items = [view('v1', 'Failed today'), view('v2', 'Slow ones')]
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    const calls = await mockApi(page, { 'GET /saved-views': () => ({ items, next: null }) })
    await page.route('**/api/v1/saved-views/*', async (route) => {
      await held
      await route.fallback()
    })
    const dialog = await manage(page)
    await dialog.getByRole('button', { name: 'Rename Failed today' }).click()
    await accessible(page)
    await dialog.getByRole('textbox', { name: 'New name of Failed today' }).fill('Broken')
    await page.keyboard.press('Enter')
    await expect(dialog.getByText('Broken', { exact: true })).toBeVisible()
    await dialog.getByRole('button', { name: 'Forget Slow ones' }).click()
    await expect(dialog.getByText('Slow ones')).toBeHidden()
    expect(calls.filter((call) => call.path.startsWith('/saved-views/'))).toHaveLength(0)
    items = [view('v1', 'Broken')]
    release()
    await expect
      .poll(() => calls.filter((call) => call.path.startsWith('/saved-views/')).map((call) => [call.method, call.body]))
      .toEqual([
        ['PUT', { name: 'Broken', search: { status: 'failed' } }],
        ['DELETE', null],
      ])
  })

  test('come back when the change is refused', async ({ page }) => {
    const items = [view('v1', 'Failed today'), view('v2', 'Slow ones')]
    await mockApi(page, {
      'GET /saved-views': { items, next: null },
      'PUT /saved-views/v1': problem(409, 'name_taken', 'There is a view of that name'),
      'DELETE /saved-views/v2': problem(503, 'busy', 'Busy'),
    })
    const dialog = await manage(page)
    await dialog.getByRole('button', { name: 'Rename Failed today' }).click()
    await dialog.getByRole('textbox', { name: 'New name of Failed today' }).fill('Slow ones')
    await page.keyboard.press('Enter')
    await expect(page.getByText('“Failed today” is left as it was: There is a view of that name')).toBeVisible()
    await expect(dialog.getByText('Failed today', { exact: true })).toBeVisible()
    await dialog.getByRole('button', { name: 'Forget Slow ones' }).click()
    await expect(page.getByText('“Slow ones” is left as it was: Busy')).toBeVisible()
    await expect(dialog.getByText('Slow ones', { exact: true })).toBeVisible()
  })
})

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })

  test('runs are filtered by workflow and time', async ({ page }) => {
    const asked: string[] = []
    await mockApi(page, {
      'GET /runs': (_: unknown, query: URLSearchParams) => {
        asked.push(`${query.get('workflow')} ${query.get('after') ? 'recent' : 'ever'}`)
        return { items: runs, next: null, unreadable: [] }
      },
    })
    await page.goto(`${ui.url}/runs`)
    await expect(page.getByRole('combobox', { name: 'Workflow' })).toBeHidden()
    await page.getByRole('button', { name: 'More filters' }).click()
    await page.getByRole('combobox', { name: 'Workflow' }).selectOption('Refund')
    await expect(page).toHaveURL(/workflow=wf2/)
    await page.getByRole('combobox', { name: 'Started' }).selectOption('Last 24 hours')
    await expect.poll(() => asked.at(-1)).toBe('wf2 recent')
    await shoot(page, 'phone-runs-filters')
    await accessible(page)
    expect(await page.evaluate(() => window.document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    await page.getByRole('button', { name: 'Remove the filter Workflow: Refund' }).click()
    await expect.poll(() => asked.at(-1)).toBe('null recent')
  })

  test('runs and inbox are accessible', async ({ page }) => {
    await mockApi(page)
    for (const [path, text] of [
      ['/runs', 'The card was declined.'],
      ['/inbox', 'Ada Example to Enterprise'],
      ['/inbox/r1.5', 'On approve'],
    ] as const) {
      await page.goto(`${ui.url}${path}`)
      await expect(page.getByText(text).first()).toBeVisible()
      await accessible(page)
      expect(await page.evaluate(() => window.document.documentElement.scrollWidth), path).toBeLessThanOrEqual(390)
    }
  })
})

test('runs are filtered by the name of a customer, or by a pasted id', async ({ page }) => {
  const grace = {
    ...customer,
    id: '0197a1b2-00c2-7000-8000-000000000002',
    name: 'Grace Example',
    email: 'grace@example.com',
  }
  const asked: string[] = []
  await mockApi(page, {
    'GET /customers': (_: unknown, query: URLSearchParams) => {
      asked.push(query.get('text') ?? '')
      return {
        items: [customer, grace].filter((one) =>
          one.name.toLowerCase().includes((query.get('text') ?? '').toLowerCase()),
        ),
        next: null,
      }
    },
    'GET /customers/c1': customer,
    [`GET /customers/${grace.id}`]: grace,
  })
  await page.goto(`${ui.url}/runs`)
  await page.getByRole('button', { name: 'More filters' }).click()
  const box = page.getByRole('combobox', { name: 'Customer' })
  await box.pressSequentially('example')
  await expect(page.getByRole('option', { name: /Grace Example/ })).toBeVisible()
  await accessible(page)
  await shoot(page, 'runs-customer')
  await box.press('ArrowDown')
  await box.press('Enter')
  await expect(page).toHaveURL(new RegExp(`customer=${grace.id}`))
  await expect(box).toHaveValue('Grace Example')
  await expect(page.getByRole('button', { name: 'Remove the filter Customer: Grace Example' })).toBeVisible()
  expect(asked).toEqual(['example'])

  await box.fill('ada')
  await page.getByRole('option', { name: /Ada Example/ }).click()
  await expect(page).toHaveURL(/customer=c1/)
  await expect(box).toHaveValue('Ada Example')

  await box.fill(grace.id)
  await box.blur()
  await expect(page).toHaveURL(new RegExp(`customer=${grace.id}`))
  await box.fill('unheard-of')
  await expect(page.getByRole('option', { name: 'The id unheard-of' })).toBeVisible()
  await box.press('Escape')
  await expect(box).toHaveValue('Grace Example')
  await box.fill('unheard-of')
  await expect(page.getByRole('option', { name: 'The id unheard-of' })).toBeVisible()
  await box.press('Enter')
  await expect(page).toHaveURL(/customer=unheard-of/)
  await box.fill('')
  await box.press('Enter')
  await expect(page).not.toHaveURL(/customer/)
})

test('a retry on the newest version shows every difference', async ({ page }) => {
  const differences = Array.from({ length: 60 }, (_, index) => ({
    pointer: `/steps/preview/input/field_${index}`,
    kind: 'added',
    before: null,
    after: index,
  }))
  const plan = {
    step: 'execute',
    from_version: 6,
    to_version: 7,
    state: { vars: {}, steps: {} },
    steps: [{ step: 'execute', title: 'Upgrade', kind: 'tool_call' }],
    repeats: [],
    asks_again: [],
    differences,
  }
  await mockApi(page, { [`GET /runs/${failedRun.id}/retry`]: plan })
  await page.goto(`${ui.url}/runs/${failedRun.id}`)
  await page.getByRole('button', { name: 'Retry', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox', { name: 'Version' }).selectOption('newest')
  const compared = dialog.getByRole('region', { name: 'The two versions compared' })
  await expect(compared.getByText('added approve', { exact: true })).toBeVisible()
  await expect(compared.getByText('changed preview', { exact: true })).toBeVisible()
  await expect(
    compared.getByRole('figure', { name: 'After: version 7' }).locator('.react-flow__node').first(),
  ).toBeVisible()
  await compared.getByText('Show every change (60)').click()
  await expect(
    compared.getByRole('list', { name: 'Differences between the versions' }).getByRole('listitem'),
  ).toHaveCount(60)
  await shoot(page, 'run-retry-compared')
  await accessible(page)
})
