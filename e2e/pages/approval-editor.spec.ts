import { expect, test, type Locator, type Page } from '@playwright/test'
import { mockApi, type Answers } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

type Step = Record<string, unknown>
type Draft = { steps: Record<string, Step>; calendars?: unknown }
let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const connectors = {
  items: [
    {
      name: 'shop',
      title: 'Shop',
      settings_schema: {},
      actions: [
        {
          name: 'shop.refund',
          title: 'Refund',
          description: 'Gives money back.',
          risk: 'high',
          idempotency: { kind: 'none' },
          input: {
            type: 'object',
            properties: { amount: { type: 'integer', title: 'Amount' }, note: { type: 'string', title: 'Note' } },
          },
          output: {},
        },
      ],
    },
  ],
  next: null,
}
const draft = {
  schema: 1,
  name: 'Refund',
  start: 'ask',
  calendars: { office: { time_zone: 'Europe/Berlin', hours: { mon: ['09:00-17:00'] } } },
  steps: {
    ask: {
      type: 'approval',
      title: 'May it be paid back?',
      summary: 'Refund {{ amount }}',
      approvers: { roles: ['manager'] },
      timeout: { after: '4h', outcome: 'rejected' },
      on_approve: 'pay',
      on_reject: 'done',
      on_changes: 'ask',
    },
    pay: { type: 'tool_call', title: 'Pay back', action: 'shop.refund', input: { amount: 5 }, next: 'done' },
    done: { type: 'end' },
  },
}
const unguarded = {
  code: 'unguarded_action',
  severity: 'error',
  pointer: '/steps/pay',
  message: '`pay` cannot be undone, and no approval guards it',
  help: null,
}
const panel = (page: Page): Locator => page.getByRole('complementary', { name: 'Settings of the step' })

async function open(page: Page, search = '?step=ask', changes: Answers = {}) {
  const saved: Draft[] = []
  const policies: unknown[] = []
  const found = (document: { steps: Record<string, Step> }) => (document.steps.ask?.guards ? [] : [unguarded])
  const workflow = (document: Draft) => ({
    id: 'wf1',
    name: 'Refund',
    draft: document,
    draft_revision: 12 + saved.length,
    active_version: 7,
    diagnostics: found(document),
  })
  await mockApi(page, {
    'GET /connectors': connectors,
    'GET /workflows/wf1': () => workflow(saved.at(-1) ?? (draft as Draft)),
    'PUT /workflows/wf1/draft': (body: { document: Draft }) => {
      saved.push(body.document)
      return workflow(body.document)
    },
    'POST /check': (body: { document: Draft }) => ({ diagnostics: found(body.document) }),
    'POST /approvers/preview': (policy: unknown) => {
      policies.push(policy)
      const people = [{ id: 'u1', name: 'Morgan Manager', email: 'manager@example.com', hindered: null }]
      return { people, enough: false, enough_without_requester: false, missing: '1 more of legal' }
    },
    ...changes,
  })
  await page.goto(`${ui.url}/workflows/wf1${search}`)
  await expect(panel(page)).toBeVisible()
  return { ask: () => saved.at(-1)?.steps.ask, whole: () => saved.at(-1), policies }
}

for (const [name, viewport] of [
  ['desk', { width: 1280, height: 800 }],
  ['phone', { width: 390, height: 844 }],
] as const) {
  test.describe(name, () => {
    test.use({ viewport })

    test('who decides is written without text: counts, vetoes, cases and who could now', async ({ page }) => {
      const { ask, policies } = await open(page)
      const side = panel(page)
      await expect(side.getByText('Not enough: it takes 1 more of legal.')).toBeVisible()
      await side.getByLabel('How many must approve').fill('2')
      await side.getByRole('button', { name: 'Count a role or group' }).focus()
      await page.keyboard.press('Enter')
      const group = side.getByLabel('Counted role or group 1')
      await expect(group).toBeFocused()
      await group.fill('legal')
      await group.press('Enter')
      await side.getByLabel('How many of legal').fill('2')
      await side.getByLabel('Whose single no rejects').fill('legal, cfo@example.com')
      await side.getByLabel('How many must say no to reject').fill('3')
      await side.getByLabel('Nobody who started it or had a hand in it').check()
      await side.getByLabel('Not who published the version').check()
      await expect
        .poll(() => ask()?.approvers)
        .toEqual({
          roles: ['manager'],
          quorum: 2,
          counts: { legal: 2 },
          veto: ['legal', 'cfo@example.com'],
          rejections: 3,
          exclude_requester: true,
          exclude_author: true,
        })
      // What the server is asked about is what its preview takes.
      await expect
        .poll(() => policies.at(-1))
        .toEqual({
          roles: ['manager'],
          quorum: 2,
          counts: { legal: 2 },
          exclude_requester: true,
          exclude_author: true,
        })
      await shoot(page, `approval-who-${name}`)
      await accessible(page)
      await side.getByRole('button', { name: 'Add a case' }).click()
      const tier = side.getByRole('group', { name: 'Case 1', exact: true })
      await tier.getByRole('textbox', { name: 'When' }).fill('amount > 100000')
      await tier.getByLabel('What the case is called on the card').fill('large')
      await tier.getByLabel('Roles or groups', { exact: true }).fill('director')
      await tier.getByLabel('How many must approve').fill('2')
      await expect
        .poll(() => ask()?.tiers)
        .toEqual([{ when: 'amount > 100000', label: 'large', approvers: { roles: ['director'], quorum: 2 } }])
      await tier.scrollIntoViewIfNeeded()
      await shoot(page, `approval-case-${name}`)
      await accessible(page)
      await tier.getByRole('button', { name: 'Remove Case 1' }).click()
      await expect.poll(() => ask()?.tiers).toBeUndefined()
    })

    test('what is shown, filled in and said', async ({ page }) => {
      const { ask } = await open(page)
      const side = panel(page)
      await side.getByRole('button', { name: 'Add a fact' }).click()
      await side.getByLabel('What it is').fill('Customer since')
      await side
        .getByRole('group', { name: 'Fact 1' })
        .getByRole('textbox', { name: 'Value' })
        .fill('{{ customer.since }}')
      await side.getByLabel('Left out when it is empty').check()
      await side.getByRole('button', { name: 'Add a field to fill in' }).click()
      await side.getByLabel('Name', { exact: true }).fill('reason')
      await side.getByLabel('Name', { exact: true }).press('Enter')
      await side.getByLabel('Required', { exact: true }).check()
      await side.getByLabel('a no', { exact: true }).check()
      await side.getByLabel('Sent back at most so often').fill('3')
      await expect.poll(ask).toMatchObject({
        facts: [{ label: 'Customer since', value: '{{ customer.since }}', optional: true }],
        form: { type: 'object', properties: { reason: { type: 'string' } }, required: ['reason'] },
        comment_required: ['rejected'],
        changes_max: 3,
      })
      await side.getByLabel('a no', { exact: true }).scrollIntoViewIfNeeded()
      await shoot(page, `approval-shown-${name}`)
      await accessible(page)
    })

    test('what a yes allows, what may be changed in it, and what no approval covers', async ({ page }) => {
      const { ask } = await open(page)
      const side = panel(page)
      const note = side.getByText('Not covered: “Pay back”.')
      await expect(note).toBeVisible()
      await side.getByLabel('Pay back', { exact: true }).check()
      await expect(note).toBeHidden()
      await side.getByRole('group', { name: 'An approver may change in “Pay back”' }).getByLabel('Amount').check()
      await side.getByLabel('Who may approve this may allow it in advance').check()
      await side.getByLabel('At most', { exact: true }).fill('50')
      await side.getByRole('textbox', { name: 'And only when' }).fill("currency = 'usd'")
      await side.getByLabel('A day at most').fill('4')
      await expect.poll(ask).toMatchObject({
        guards: ['pay'],
        editable: { pay: ['/amount'] },
        standing: { step: 'pay', field: '/amount', max: 50, when: "currency = 'usd'", per_day: 4, days: 7 },
      })
      await side.getByLabel('A day at most').scrollIntoViewIfNeeded()
      await shoot(page, `approval-standing-${name}`)
      await accessible(page)
    })

    test('what happens while nobody decides, in working time', async ({ page }) => {
      const { ask } = await open(page)
      const side = panel(page)
      await side.getByLabel('Working time', { exact: true }).selectOption('office')
      await side.getByRole('button', { name: 'Add a rung' }).click()
      await side.getByRole('button', { name: 'Add a rung' }).click()
      const second = side.getByRole('group', { name: 'Rung 2', exact: true })
      await second.getByLabel('What happens').selectOption('others decide instead')
      await second.getByLabel('Who').fill('lead, boss@example.com')
      await second.getByLabel('After').fill('3h')
      await expect.poll(ask).toMatchObject({
        calendar: 'office',
        ladder: [
          { after: '2h', do: 'remind' },
          { after: '3h', do: 'reassign', to: ['lead', 'boss@example.com'] },
        ],
      })
      await second.scrollIntoViewIfNeeded()
      await shoot(page, `approval-ladder-${name}`)
      await accessible(page)
    })
  })
}

test('calendars are rows of the workflow; a new name is followed by the approvals that say it', async ({ page }) => {
  const named = { ...draft, steps: { ...draft.steps, ask: { ...draft.steps.ask, calendar: 'office' } } }
  const { whole } = await open(page, '', {
    'GET /workflows/wf1': {
      id: 'wf1',
      name: 'Refund',
      draft: named,
      draft_revision: 12,
      active_version: 7,
      diagnostics: [],
    },
  })
  const row = panel(page).getByRole('group', { name: 'Calendar office' })
  await row.getByLabel('Tue').fill('09:00-12:00, 13:00-17:00')
  await row.getByLabel('Holidays').fill('2026-12-25')
  await row.getByLabel('Name of the calendar office').fill('berlin')
  await row.getByLabel('Name of the calendar office').press('Enter')
  await expect
    .poll(() => whole()?.calendars)
    .toEqual({
      berlin: {
        time_zone: 'Europe/Berlin',
        hours: { mon: ['09:00-17:00'], tue: ['09:00-12:00', '13:00-17:00'] },
        holidays: ['2026-12-25'],
      },
    })
  expect(whole()?.steps.ask?.calendar).toBe('berlin')
  await panel(page).getByRole('group', { name: 'Calendar berlin' }).scrollIntoViewIfNeeded()
  await shoot(page, 'calendars')
  await accessible(page)
})

test('a step that is renamed keeps its name in all that is said of it', async ({ page }) => {
  const said = {
    ...draft.steps.ask,
    guards: ['pay'],
    editable: { pay: ['/amount'] },
    standing: { step: 'pay', field: '/amount', max: 50, per_day: 1, days: 1 },
  }
  const { ask } = await open(page, '?step=pay', {
    'GET /workflows/wf1': {
      id: 'wf1',
      name: 'Refund',
      draft: { ...draft, steps: { ...draft.steps, ask: said } },
      draft_revision: 12,
      active_version: 7,
      diagnostics: [],
    },
  })
  await panel(page).getByLabel('Id', { exact: true }).fill('refund')
  await panel(page).getByLabel('Id', { exact: true }).press('Enter')
  await expect.poll(ask).toMatchObject({
    guards: ['refund'],
    editable: { refund: ['/amount'] },
    standing: { step: 'refund' },
    on_approve: 'refund',
  })
})

test('who says what became of a call is a policy of the step that calls', async ({ page }) => {
  const { whole, policies } = await open(page, '?step=pay')
  const side = panel(page)
  await side.getByRole('checkbox', { name: 'Only certain people' }).focus()
  await page.keyboard.press('Space')
  await expect.poll(() => whole()?.steps.pay?.unknown_outcome).toEqual({ roles: ['operator'] })
  await side.getByLabel('Roles or groups').fill('finance')
  await side.getByLabel('Nobody who started it or had a hand in it').check()
  await side.getByLabel('Not who published the version').check()
  const policy = { roles: ['finance'], exclude_requester: true, exclude_author: true }
  await expect.poll(() => whole()?.steps.pay?.unknown_outcome).toEqual(policy)
  await expect(side.getByText(/There are: /).first()).toBeVisible()
  // One answer is all there is: nothing is counted.
  await expect(side.getByLabel('How many must approve')).toHaveCount(0)
  expect(policies.at(-1)).toEqual(policy)
  await shoot(page, 'in-doubt')
  await accessible(page)
  await side.getByRole('checkbox', { name: 'Only certain people' }).uncheck()
  await expect.poll(() => 'unknown_outcome' in (whole()?.steps.pay ?? {})).toBe(false)
})
