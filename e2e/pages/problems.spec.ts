import { expect, test, type Page } from '@playwright/test'
import * as f from '../support/fixtures'
import { mockApi } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const draft = {
  ...f.document,
  start: 'nowhere',
  input: { type: 'object' },
  triggers: [
    { type: 'message', when: 'text' },
    { type: 'webhook', path: 'a/b' },
    { type: 'schedule', cron: '0 25 * * *', time_zone: 'Mars' },
    { type: 'api' },
  ],
  steps: {
    ...f.document.steps,
    approve: { ...f.document.steps.approve, guards: ['execute', 'gone'] },
    execute: { ...f.document.steps.execute, retry: { attempts: 99, initial: '9d' } },
    silent: { type: 'notify', channels: [], body: '', next: 'done' },
  },
}

/** Where each pointer leads: the step whose settings are shown, and the control with the keyboard. */
const PLACES: [
  pointer: string,
  panel: string,
  role: 'textbox' | 'combobox' | 'spinbutton' | 'checkbox' | 'button',
  name: string,
  code?: string,
][] = [
  ['/name', 'Workflow', 'textbox', 'Name'],
  ['/start', 'Workflow', 'combobox', 'First step'],
  ['/vars/my var', 'Workflow', 'textbox', 'Name of current_plan'],
  ['/input/properties/x', 'Workflow', 'button', 'Add a value'],
  ['/step_limit', 'Workflow', 'spinbutton', 'Most steps in one run'],
  ['/triggers/0/when', 'Workflow', 'textbox', 'When'],
  ['/triggers/1/path', 'Workflow', 'textbox', 'Name of the trigger'],
  ['/triggers/2/cron', 'Workflow', 'combobox', 'Times (cron)'],
  ['/triggers/2/time_zone', 'Workflow', 'combobox', 'Time zone'],
  ['/triggers/3', 'Workflow', 'button', 'Remove api'],
  ['/steps/approve/guards', 'Manager approval required', 'checkbox', 'Verify customer identity'],
  ['/steps/approve/guards/1', 'Manager approval required', 'checkbox', 'gone?'],
  ['/steps/approve/approvers', 'Manager approval required', 'textbox', 'Roles or groups'],
  ['/steps/approve/approvers/quorum', 'Manager approval required', 'spinbutton', 'How many must approve'],
  [
    '/steps/approve/approvers/exclude_requester',
    'Manager approval required',
    'checkbox',
    'Nobody who started it or had a hand in it',
  ],
  ['/steps/approve/timeout/outcome', 'Manager approval required', 'combobox', 'Then it counts as'],
  ['/steps/approve/timeout/after', 'Manager approval required', 'textbox', 'Wait at most'],
  ['/steps/approve/timeout/next', 'Manager approval required', 'combobox', 'timeout'],
  ['/steps/execute/retry/attempts', 'Upgrade the subscription', 'spinbutton', 'Tries'],
  ['/steps/execute/retry/initial', 'Upgrade the subscription', 'textbox', 'First pause'],
  ['/steps/execute/timeout', 'Upgrade the subscription', 'textbox', 'Time limit of one attempt'],
  ['/steps/execute/on_error', 'Upgrade the subscription', 'combobox', 'error'],
  ['/steps/eligible/branches/0/when', 'Eligible?', 'textbox', 'When'],
  ['/steps/eligible/otherwise', 'Eligible?', 'combobox', 'otherwise'],
  ['/steps/tell/channels/1', 'Confirm by message', 'button', 'Move up'],
  ['/steps/silent/channels', 'silent', 'button', 'Add a channel'],
  ['/steps/tell/to', 'Confirm by message', 'textbox', 'E-mail'],
  ['/steps/ask/form/properties/seats/minimum', 'Ask who they are', 'textbox', 'Label'],
  ['/steps/person/outcomes/solved/next', 'Hand to support', 'combobox', 'solved'],
  ['/steps/done/status', 'Done', 'combobox', 'Final status'],
  ['/steps/person', 'Hand to support', 'combobox', 'timeout', 'wait_without_timeout'],
  ['/steps/give_up', 'Given up', 'textbox', 'Id', 'step_id'],
]
const found = (severity = 'error') =>
  PLACES.map(([pointer, , , , code = 'any'], index) => ({
    code,
    severity,
    pointer,
    message: `Problem ${index} at ${pointer}.`,
    help: null,
  }))
const panel = (page: Page) => page.getByRole('complementary', { name: 'Settings of the step' })
const problems = (page: Page) => page.getByRole('region', { name: 'Problems' })

async function open(page: Page, search = '', diagnostics = found()): Promise<void> {
  await mockApi(page, {
    'GET /workflows/wf1': {
      id: 'wf1',
      name: 'Subscription Upgrade',
      draft,
      draft_revision: 12,
      active_version: 7,
      diagnostics,
    },
    'POST /check': { diagnostics },
  })
  await page.goto(`${ui.url}/workflows/wf1${search}`)
  await page.getByRole('button', { name: /^Problems:/ }).click()
}

test('every problem leads to its step and field', async ({ page }) => {
  await open(page)
  for (const [index, [pointer, title, role, name]] of PLACES.entries()) {
    await problems(page)
      .getByRole('button', { name: `Problem ${index} at` })
      .click()
    await expect(panel(page).getByRole('heading', { level: 2 }), pointer).toHaveText(title)
    const focused = panel(page).getByRole(role, { name, exact: true }).and(page.locator(':focus'))
    await expect(focused, pointer).toHaveCount(1)
  }
  await expect(problems(page).getByRole('button', { name: 'Problem 6 at' })).toContainText('Triggers')
  await shoot(page, 'builder-all-problems')
  await accessible(page)
})

for (const [where, search] of [
  ['text', '?view=yaml'],
  ['rehearsal', '?rehearse=true'],
] as const) {
  test(`problems are listed beside the ${where}, and lead from there to the field`, async ({ page }) => {
    await open(page, search)
    await expect(panel(page)).toBeHidden()
    await expect(problems(page).getByRole('listitem')).toHaveCount(PLACES.length)
    await shoot(page, `builder-problems-${where}`)
    await accessible(page)
    await problems(page).getByRole('button', { name: 'Problem 13 at' }).click()
    await expect(panel(page).getByRole('spinbutton', { name: 'How many must approve' })).toBeFocused()
    await expect(page).not.toHaveURL(/view=|rehearse=/)
    await expect(page).toHaveURL(/step=approve/)
  })
}
