import { expect, test, type Page } from '@playwright/test'
import { customer, document, olderDocument } from '../support/fixtures'
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

test.describe('a draft', () => {
  const workflow = (id: string, draft: object, draft_revision = 12) => ({
    id,
    name: id,
    draft,
    draft_revision,
    active_version: 7,
    diagnostics: [],
  })

  test('that could not be saved is saved by itself, or at once when asked', async ({ page }) => {
    await page.clock.install()
    let down = true
    let tries = 0
    await mockApi(page, {
      'PUT /workflows/wf1/draft': (body: { document: object }) => {
        tries += 1
        return down ? problem(503, 'busy', 'The database is busy.') : workflow('wf1', body.document, 13)
      },
    })
    await page.goto(`${ui.url}/workflows/wf1`)
    await expect(page.getByLabel('Description')).toBeVisible()
    await page.clock.pauseAt(Date.now() + 3_600_000)
    const edit = async (text: string) => {
      await page.getByLabel('Description').fill(text)
      await page.clock.runFor(1_000)
    }
    await edit('one')
    const now = page.getByRole('button', { name: 'Save now' })
    await expect(now).toBeVisible()
    expect(tries).toBe(1)
    down = false
    await page.clock.runFor(1_900)
    expect(tries).toBe(1)
    await page.clock.runFor(200)
    await expect(page.getByText('Saved', { exact: true })).toBeVisible()
    expect(tries).toBe(2)
    down = true
    await edit('two')
    await expect(now).toBeVisible()
    down = false
    await now.click()
    await expect(page.getByText('Saved', { exact: true })).toBeVisible()
    await expect(now).toBeHidden()
    expect(tries).toBe(4)
    down = true
    await edit('three')
    await expect(now).toBeVisible()
    await page.clock.resume()
    await shoot(page, 'builder-not-saved')
    await accessible(page)
  })

  test('two people changed is shown with what differs', async ({ page }) => {
    const { approve: _, ...rest } = olderDocument.steps as Record<string, object>
    // Another order of keys is no difference.
    const theirs = {
      steps: Object.fromEntries(Object.entries(rest).reverse()),
      start: 'ask',
      vars: document.vars,
      triggers: document.triggers,
      name: document.name,
      schema: 1,
    }
    let tries = 0
    await mockApi(page, {
      'GET /workflows/wf1': workflow('wf1', olderDocument),
      'PUT /workflows/wf1/draft': () => {
        tries += 1
        return {
          ...problem(412, 'conflict', 'Changed meanwhile'),
          current: { draft: { ...theirs, description: 'Theirs' }, draft_revision: 30 },
        }
      },
    })
    await page.goto(`${ui.url}/workflows/wf1`)
    await page.getByLabel('Description').fill('Mine')
    const dialog = page.getByRole('dialog', { name: 'Somebody else changed this draft' })
    await expect(dialog.getByText('− theirs: 1 line that you do not have')).toBeVisible()
    await expect(dialog.getByText('+ mine: 1 line that they do not have')).toBeVisible()
    const difference = dialog.getByRole('region', { name: 'Text difference' })
    await expect(difference.getByRole('row', { name: '− description: Theirs' })).toBeVisible()
    await expect(difference.getByRole('row', { name: '+ description: Mine' })).toBeVisible()
    await shoot(page, 'builder-conflict-lines')
    await accessible(page)
    expect(tries).toBe(1)
  })

  const small = {
    schema: 1,
    name: 'Small',
    start: 'done',
    steps: { done: { type: 'end', title: 'Done', position: [0, 0] } },
  }
  const cards = (page: Page) => page.locator('.react-flow__node')
  /** Pastes text as the browser would, without a clipboard that may be read. */
  const paste = (page: Page, text: string) =>
    page.evaluate((held) => {
      const data = new DataTransfer()
      data.setData('text/plain', held)
      window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
    }, text)

  for (const [how, hide] of [
    ['is missing', "Object.defineProperty(navigator, 'clipboard', { value: undefined })"],
    [
      'refuses',
      'navigator.clipboard.writeText = navigator.clipboard.readText = () =>' +
        " Promise.reject(new DOMException('no', 'NotAllowedError'))",
    ],
  ] as const) {
    test(`steps go from one workflow to another where the clipboard ${how}`, async ({ page }) => {
      const errors: string[] = []
      page.on('pageerror', (error) => errors.push(error.message))
      await page.addInitScript(hide)
      await mockApi(page, {
        'GET /workflows/wf2': workflow('wf2', small),
        'PUT /workflows/wf2/draft': workflow('wf2', small, 13),
      })
      await page.goto(`${ui.url}/workflows/wf1`)
      await cards(page).filter({ hasText: 'Verify customer identity' }).click()
      await page.keyboard.press('Control+c')
      await expect(page.getByText('1 step copied within this tab')).toBeVisible()
      await page.goto(`${ui.url}/workflows/wf2`)
      await expect(cards(page)).toHaveCount(1)
      await paste(page, '')
      await expect(cards(page)).toHaveCount(2)
      await expect(cards(page).filter({ hasText: 'Verify customer identity' })).toBeVisible()
      await page.keyboard.press('Control+k')
      await page.getByPlaceholder('Type a command').fill('paste steps')
      await page.keyboard.press('Enter')
      await expect(cards(page)).toHaveCount(3)
      // What is newer goes first; what the clipboard held before does not.
      await paste(page, 'steps: { extra: { type: end, title: Extra } }')
      await expect(cards(page).filter({ hasText: 'Extra' })).toHaveCount(1)
      // What was pasted was brought into sight; the rest is beside it.
      await page.getByRole('button', { name: 'Fit to the window' }).click()
      await cards(page).filter({ hasText: 'Done' }).click()
      await page.keyboard.press('Control+c')
      await paste(page, 'steps: { extra: { type: end, title: Extra } }')
      await expect(cards(page).filter({ hasText: 'Done' })).toHaveCount(2)
      await expect(cards(page).filter({ hasText: 'Extra' })).toHaveCount(1)
      expect(errors).toEqual([])
    })
  }

  test('takes hand-written steps, and says what is wrong with anything else', async ({ page }) => {
    let saved: { steps: Record<string, { next?: string; position?: number[] }> } | undefined
    await mockApi(page, {
      'GET /workflows/wf2': workflow('wf2', small),
      'PUT /workflows/wf2/draft': (body: { document: typeof saved }) => {
        saved = body.document
        return workflow('wf2', body.document ?? {}, 13)
      },
    })
    await page.goto(`${ui.url}/workflows/wf2`)
    await expect(cards(page)).toHaveCount(1)
    for (const [text, why] of [
      ['', 'There is nothing to paste.'],
      ['steps: [unclosed', 'It is not YAML'],
      ['just some words', 'there is no “steps:” in it'],
      ['steps: { a: { title: A } }', '“a” has no type'],
      ['steps: { a: { type: telepathy } }', '“a” has the type “telepathy”; there are tool_call'],
      ['steps: { a: { type: condition } }', '“a” is not complete'],
    ] as const) {
      await paste(page, text)
      await expect(page.getByRole('status').getByText(why)).toBeVisible()
    }
    await expect(cards(page)).toHaveCount(1)
    await paste(
      page,
      'tell:\n  type: notify\n  channels: [conversation]\n  body: Hello\n  next: bye\nbye:\n  type: end\n',
    )
    await expect(cards(page)).toHaveCount(3)
    await expect.poll(() => saved?.steps.tell?.next).toBe('bye')
    expect(saved?.steps.tell?.position).not.toEqual(saved?.steps.bye?.position)
  })
})
