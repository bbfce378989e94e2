import { expect, test, type Page } from '@playwright/test'
import { mockApi, type Answers } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

type Steps = Record<string, Record<string, unknown> & { position?: number[] }>
type Draft = { name: string; start: string; triggers?: unknown[]; steps: Steps }
let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const panel = (page: Page) => page.getByRole('complementary', { name: 'Settings of the step' })
const problems = (page: Page) => page.getByRole('list', { name: 'Problems of this step' })
const card = (page: Page, title: string) =>
  page.locator('.react-flow__node').filter({ has: page.getByText(title, { exact: true }) })
const top = async (page: Page) => (await panel(page).getByLabel('Title').boundingBox())?.y

const draft: Draft = {
  name: 'Shape',
  start: 'tell',
  triggers: [{ type: 'api' }],
  steps: {
    tell: { type: 'notify', title: 'Say it', channels: ['email', 'sms'], subject: 'Hi', body: 'Hello', next: 'pay' },
    pay: { type: 'tool_call', title: 'Pay it', action: 'stripe.refund.create', input: {}, next: 'done' },
    done: { type: 'end', title: 'Done' },
  },
}

/** Opens the builder on a server that keeps what it is sent; `found` is what it finds in a draft. */
async function open(page: Page, first: Draft, found: (draft: Draft) => unknown[] = () => [], more: Answers = {}) {
  let kept = first
  let version = 0
  const workflow = () => ({
    id: 'wf1',
    name: kept.name,
    draft: kept,
    draft_revision: 1,
    last_version: version,
    active_version: version || null,
    diagnostics: found(kept),
  })
  await mockApi(page, {
    'GET /workflows/wf1': workflow,
    'PUT /workflows/wf1/draft': (body: { document: Draft }) => {
      kept = body.document
      return workflow()
    },
    'POST /check': (body: { document: Draft }) => ({ diagnostics: found(body.document) }),
    ...more,
  })
  await page.goto(`${ui.url}/workflows/wf1`)
  await expect(page.locator('.react-flow__node').first()).toBeVisible()
  return {
    steps: () => kept.steps,
    publish: () => {
      version = 1
    },
  }
}

test('kinds have names, with their tags beside', async ({ page }) => {
  await open(page, draft)
  for (const name of ['Call an API', 'Ask the customer', 'If', 'Tell', 'Approval', 'Hand over', 'End'])
    await expect(page.getByRole('toolbar', { name: 'Step kinds' }).getByText(name, { exact: true })).toBeVisible()
  await expect(card(page, 'Say it')).toContainText('Tell')
  await expect(card(page, 'Say it')).toContainText('notify')
  await card(page, 'Pay it').click()
  await expect(panel(page).locator('header')).toContainText('Call an API')
  await expect(panel(page).locator('header')).toContainText('tool_call')
  await shoot(page, 'shape-names')
  await accessible(page)
  await page.setViewportSize({ width: 1100, height: 800 })
  await expect(page.getByRole('toolbar', { name: 'Step kinds' }).getByText('Tell', { exact: true })).toBeHidden()
})

test('from afar, cards show what they are called and what they are', async ({ page }) => {
  await open(page, draft)
  const detail = card(page, 'Pay it').getByText('stripe.refund.create')
  await expect(detail).toBeVisible()
  for (let press = 0; press < 6; press += 1) await page.getByRole('button', { name: 'Zoom Out' }).click()
  await expect(detail).toBeHidden()
  await expect(card(page, 'Pay it').getByText('Call an API')).toBeVisible()
  await shoot(page, 'shape-far')
})

test('the panel is made wider by keys and by dragging, and keeps its width', async ({ page }) => {
  await open(page, draft)
  const width = async () => Math.round((await panel(page).boundingBox())?.width ?? 0)
  const edge = page.getByRole('separator', { name: 'Width of the panel' })
  await expect.poll(width).toBe(352)
  await edge.focus()
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('ArrowLeft')
  await expect.poll(width).toBe(400)
  await expect(edge).toHaveAttribute('aria-valuenow', '400')
  // The keys set the width; they do not walk on the canvas.
  await expect(page.locator('.react-flow__node.selected')).toHaveCount(0)
  const box = await edge.boundingBox()
  if (!box) throw new Error('no edge')
  await page.mouse.move(box.x + 4, box.y + 300)
  await page.mouse.down()
  await page.mouse.move(box.x - 96, box.y + 300, { steps: 4 })
  await page.mouse.up()
  await expect.poll(width).toBe(500)
  await page.reload()
  await expect(panel(page)).toBeVisible()
  await expect.poll(width).toBe(500)
  await edge.focus()
  await page.keyboard.press('Enter')
  await expect.poll(width).toBe(352)
  await page.keyboard.press('End')
  await expect.poll(width).toBe(280)
})

test('a problem comes and goes without moving a field', async ({ page }) => {
  const found = ({ steps }: Draft) =>
    !steps.tell?.title
      ? [
          {
            code: 'x',
            severity: 'warning',
            pointer: '/steps/tell/title',
            message: 'It has no title.',
            help: 'Name it.',
          },
        ]
      : []
  await open(page, draft, found)
  await card(page, 'Say it').click()
  await expect(problems(page)).toHaveText('No problems here.')
  const before = await top(page)
  await panel(page).getByLabel('Title').fill('')
  await expect(problems(page)).toContainText('It has no title.')
  expect(await top(page)).toBe(before)
  await panel(page).getByLabel('Message').click()
  await problems(page)
    .getByRole('button', { name: /It has no title/ })
    .click()
  await expect(panel(page).getByLabel('Title')).toBeFocused()
  await accessible(page)
})

test('syntax that is half typed is no problem yet', async ({ page }) => {
  const parse = { code: 'expression_parse', severity: 'error', pointer: '/steps/tell/body', message: 'Not closed.' }
  await open(page, draft, ({ steps }) => (String(steps.tell?.body).endsWith('{{ cust') ? [parse] : []))
  await card(page, 'Say it').click()
  const checked = page.waitForResponse(/\/check$/)
  await panel(page).getByLabel('Message').fill('Hello {{ cust')
  await checked
  await expect(page.getByRole('button', { name: 'Problems: 0 errors, 0 warnings' })).toBeVisible()
  await expect(problems(page)).toHaveText('No problems here.')
  await panel(page).getByLabel('Title').focus()
  await expect(page.getByRole('button', { name: 'Problems: 1 errors, 0 warnings' })).toBeVisible()
  await expect(problems(page)).toContainText('Not closed.')
})

test('what is not connected is mended with one press', async ({ page }) => {
  const found = ({ steps }: Draft) => [
    ...((steps.tell?.channels as string[]).includes('sms')
      ? [{ code: 'no_account', severity: 'warning', pointer: '/steps/tell/channels/1', message: 'No sms account.' }]
      : []),
    ...(steps.pay?.connection
      ? []
      : [{ code: 'connection_choice', severity: 'error', pointer: '/steps/pay', message: 'Several accounts.' }]),
  ]
  const connection = (name: string) => ({ id: name, connector: 'stripe', name, settings: {}, secrets_set: [] })
  const server = await open(page, draft, found, {
    'GET /connections': { items: [connection('eu'), connection('us')], next: null },
  })
  await card(page, 'Say it').click()
  await expect(problems(page).getByRole('link', { name: 'Connect an account' })).toHaveAttribute('href', /connectors$/)
  await problems(page).getByRole('button', { name: 'Leave sms out' }).click()
  await expect.poll(() => server.steps().tell?.channels).toEqual(['email'])
  await expect(problems(page)).toHaveText('No problems here.')
  await card(page, 'Pay it').click()
  await problems(page).getByRole('button', { name: 'Use us' }).click()
  await expect.poll(() => server.steps().pay?.connection).toBe('us')
})

test('cards tidy themselves until one is moved by hand', async ({ page }) => {
  const server = await open(page, draft)
  const placed = () => Object.values(server.steps()).filter((step) => step.position).length
  const add = async (kind: string, count: number) => {
    await page.getByRole('toolbar', { name: 'Step kinds' }).getByRole('button', { name: kind }).click()
    await expect(page.locator('.react-flow__node')).toHaveCount(count)
    await expect.poll(() => Object.keys(server.steps()).length).toBe(count)
  }
  await card(page, 'Say it').click()
  await add('If', 4)
  expect(placed()).toBe(0)
  const box = await card(page, 'Done').boundingBox()
  if (!box) throw new Error('no card')
  await page.mouse.move(box.x + 100, box.y + 20)
  await page.mouse.down()
  await page.mouse.move(box.x + 200, box.y + 60, { steps: 5 })
  await page.mouse.up()
  await expect.poll(placed).toBe(4)
  await card(page, 'Say it').click()
  await add('Tell', 5)
  expect(placed()).toBe(5)
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Tidy up the layout' }).click()
  await expect.poll(placed).toBe(0)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(placed).toBe(5)
})

test('an empty workflow is begun with a guide, which sees what was done', async ({ page }) => {
  const blank: Draft = {
    name: 'New',
    start: 'done',
    triggers: [{ type: 'manual' }],
    steps: { done: { type: 'end', title: 'Done' } },
  }
  const server = await open(page, blank)
  const guide = page.getByRole('region', { name: 'Guide' })
  await expect(guide).toContainText('1 of 8')
  await expect(guide).toContainText('Say what starts it.')
  await shoot(page, 'shape-guide')
  await accessible(page)
  await guide.getByRole('button', { name: 'Show me' }).click()
  await panel(page).getByRole('button', { name: 'Add a trigger' }).click()
  await page.getByRole('menuitem', { name: 'api', exact: true }).click()
  await expect(guide).toContainText('2 of 8')
  // It points at the kind that comes next.
  const ask = page.getByRole('toolbar', { name: 'Step kinds' }).getByRole('button', { name: 'Ask the customer' })
  await expect(ask).toHaveClass(/ring-accent/)
  await ask.click()
  await expect(guide).toContainText('Call an API.')
  await expect.poll(() => Object.keys(server.steps()).length).toBe(2)
  // Whoever comes back finds it where it was; whoever closes it has had enough, until they ask for it.
  await page.reload()
  await expect(guide).toContainText('3 of 8')
  await guide.getByRole('button', { name: 'Close the guide' }).click()
  await expect(guide).toBeHidden()
  await page.reload()
  await expect(page.locator('.react-flow__node').first()).toBeVisible()
  await expect(guide).toBeHidden()
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Show me around' }).click()
  await expect(guide).toContainText('3 of 8')
  server.publish()
  await page.reload()
  await expect(guide).toContainText('That was it.')
})

test('a rule keeps the keyboard while its value is typed', async ({ page }) => {
  const when = 'total >= 1'
  const start: Draft = {
    ...draft,
    start: 'which',
    steps: { ...draft.steps, which: { type: 'condition', branches: [{ when, next: 'done' }], otherwise: 'done' } },
  }
  const server = await open(page, start)
  await page.locator('.react-flow__node').filter({ hasText: 'which' }).click()
  await panel(page).getByRole('tab', { name: 'Rules' }).click()
  await panel(page).getByLabel('With', { exact: true }).click()
  await page.keyboard.press('ControlOrMeta+a')
  // Slow enough for each letter to be drawn before the next.
  await page.keyboard.type('1234', { delay: 60 })
  await expect(panel(page).getByLabel('With', { exact: true })).toBeFocused()
  const branch = () => (server.steps().which?.branches as { when: string }[])[0]?.when
  await expect.poll(branch).toBe('total >= 1234')
})

test('rules offer what a value is one of', async ({ page }) => {
  const why = { type: 'string', title: 'What happened', enum: ['Came late', 'Never came'] }
  const server = await open(page, {
    ...draft,
    start: 'ask',
    steps: {
      ask: { type: 'collect_form', form: { type: 'object', properties: { why } }, next: 'which' },
      which: { type: 'condition', branches: [{ when: '', next: 'done' }], otherwise: 'done' },
      done: { type: 'end', title: 'Done' },
    },
  })
  const when = () => (server.steps().which?.branches as { when: string }[])[0]?.when
  await page.locator('.react-flow__node').filter({ hasText: 'which' }).click()
  await panel(page).getByRole('tab', { name: 'Rules' }).click()
  await panel(page).getByRole('button', { name: 'Rule', exact: true }).click()
  await panel(page).getByLabel('What', { exact: true }).selectOption('ask › What happened')
  await panel(page).getByLabel('With', { exact: true }).selectOption('Never came')
  await expect.poll(when).toBe('steps.ask.output.why = "Never came"')
  await panel(page).getByLabel('Comparison', { exact: true }).selectOption('is one of')
  await panel(page).getByLabel('Came late', { exact: true }).check()
  await panel(page).getByLabel('Never came', { exact: true }).check()
  await expect.poll(when).toBe('steps.ask.output.why in ["Came late","Never came"]')
  await shoot(page, 'shape-choices')
  await accessible(page)
})

test('a workflow says who is told when its runs fail', async ({ page }) => {
  type Alerts = { tell: string[]; each?: boolean; percent?: number }
  let alerts: Alerts | undefined
  const found = (kept: Draft & { alerts?: Alerts }) => {
    alerts = kept.alerts
    return kept.alerts?.tell.length === 0
      ? [
          {
            code: 'alerts',
            severity: 'error',
            pointer: '/alerts/tell',
            message: 'nobody is told',
            help: 'Name a role.',
          },
        ]
      : []
  }
  await open(page, draft, found)
  const tell = panel(page).getByLabel('Who is told')
  await panel(page).getByLabel('Tell people', { exact: true }).focus()
  await page.keyboard.press('Space')
  await expect(tell).toHaveValue('admin')
  await tell.fill('')
  await expect(panel(page).getByText('nobody is told. Name a role.')).toBeVisible()
  await tell.fill('manager, ada@example.com')
  await panel(page).getByLabel('Of each run that failed').uncheck()
  await panel(page).getByLabel('When so many of a hundred fail').fill('20')
  await expect.poll(() => alerts).toEqual({ tell: ['manager', 'ada@example.com'], each: false, percent: 20 })
  await shoot(page, 'shape-alerts')
  await accessible(page)
  await panel(page).getByLabel('Tell people', { exact: true }).uncheck()
  await expect.poll(() => alerts).toBeUndefined()
})

test('a test case that only takes another path is accepted as it is now', async ({ page }) => {
  const test = (name: string) => ({
    id: name,
    name,
    body: { opening: {}, acts: [], expect: { path: ['tell', 'done'], status: 'completed' } },
    last_result: null,
  })
  const result = (name: string, more: object) => ({
    name,
    passed: true,
    failures: [],
    path: [],
    status: 'completed',
    ...more,
  })
  const path = ['tell', 'pay', 'done']
  const kept: { name: string; expect: unknown }[] = []
  const accept = (body: { name: string; expect: unknown }) => {
    kept.push(body)
    return test(body.name)
  }
  const moved = { path, other_path: true }
  await open(page, draft, undefined, {
    'GET /workflows/wf1/tests': { items: ['One', 'Two', 'Wrong'].map(test), next: null },
    'POST /workflows/wf1/tests/run': {
      results: [
        result('One', moved),
        result('Two', { ...moved, passed: false, failures: [{ what: 'path', message: 'another path' }] }),
        result('Wrong', { other_path: false, passed: false, failures: [{ what: 'status', message: 'failed' }] }),
      ],
    },
    'PUT /workflows/wf1/tests/One': accept,
    'PUT /workflows/wf1/tests/Two': accept,
  })
  await page.getByRole('button', { name: 'Rehearse' }).click()
  await page.getByRole('tab', { name: 'Test cases' }).click()
  await page.getByRole('button', { name: 'Run all on this draft' }).click()
  await expect(page.getByText('By other steps, which do the same.')).toBeVisible()
  await expect(page.getByRole('button', { name: /^Accept the new path/ })).toHaveCount(2)
  await shoot(page, 'shape-accept')
  await accessible(page)
  await page.getByRole('button', { name: 'Accept the new path: One' }).click()
  await expect.poll(() => kept).toMatchObject([{ name: 'One', expect: { path, status: 'completed' } }])
  await page.getByRole('button', { name: 'Accept all 2 new paths' }).click()
  await expect.poll(() => kept.map((one) => one.name)).toEqual(['One', 'One', 'Two'])
})
