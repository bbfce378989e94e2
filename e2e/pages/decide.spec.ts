import { expect, test, type Page } from '@playwright/test'
import { approvers, checkpointDetails, connectors, me } from '../support/fixtures'
import { mockApi, mockEvents, type Answers } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const lee = { id: 'u4', name: 'Lee Legal' }
const fin = { id: 'u5', name: 'Fin Finance' }
/** One of legal and one of finance; legal said yes; a field may be changed, a form is filled in, a no takes words. */
const full = {
  ...checkpointDetails['r1.5'],
  approvers: { ...approvers, roles: [], counts: { legal: 1, finance: 1 }, quorum: 2, case: 'large' },
  approvals: [{ by: lee, at: Date.now() - 60_000, comment: 'fine by us', on_behalf_of: fin }],
  deciders: [
    { person: { id: 'u1', name: 'Morgan Manager' }, on_behalf_of: fin },
    { person: fin, on_behalf_of: null },
  ],
  missing: 'one of finance',
  ladder: [{ act: 'escalate', after: '4h', to: ['director'], reached: false, at: Date.now() + 3_600_000 }],
  asked: {
    editable: { execute: ['/price'] },
    form: { type: 'object', required: ['reason'], properties: { reason: { type: 'string', title: 'Reason' } } },
    comment_required: ['rejected'],
  },
  requests: [
    {
      step: 'execute',
      title: 'Upgrade the subscription',
      action: 'stripe.update_subscription',
      risk: 'high',
      connection: 'stripe',
      input: { price: 'price_enterprise' },
      hash: 'h',
      request: { method: 'POST', url: 'https://api.stripe.com/v1/subscriptions/sub_1', headers: {}, body: {} },
      error: null,
    },
  ],
  notices: [
    {
      checkpoint: 'r1.5',
      person: fin,
      channel: 'slack',
      address: 'U1',
      reason: 'opened',
      status: 'done',
      outcome: 'undeliverable',
      at: Date.now() - 60_000,
      done_at: Date.now() - 59_000,
      attempts: 3,
      error: 'no account for slack',
    },
  ],
}

const open = async (page: Page, changes: Answers = {}) => {
  const calls = await mockApi(page, {
    'GET /connectors': { items: connectors, next: null },
    'GET /checkpoints/r1.5': full,
    'POST /checkpoints/r1.5/decision': { ...full, status: 'decided', outcome: 'approved', outcomes: [] },
    'POST /checkpoints/r1.5/take': full,
    'POST /checkpoints/r1.5/reassign': { ...full, assigned_to: fin },
    ...changes,
  })
  const happens = await mockEvents(page)
  await page.goto(`${ui.url}/inbox/r1.5`)
  await expect(page.getByRole('heading', { name: 'On approve' })).toBeVisible()
  return { calls, happens, decision: () => calls.find((call) => call.path.endsWith('/decision'))?.body }
}

for (const [name, viewport] of [
  ['desk', { width: 1280, height: 800 }],
  ['phone', { width: 390, height: 844 }],
] as const) {
  test.describe(name, () => {
    test.use({ viewport })

    test('a card says who, whom it reached and what follows, and what is sent is technical', async ({ page }) => {
      await open(page)
      await expect(page.getByText('one of legal and one of finance must be among them')).toBeVisible()
      await expect(page.getByText('Still missing: one of finance')).toBeVisible()
      await expect(page.getByText('in the name of Fin Finance.')).toBeVisible()
      await expect(page.getByText('no account for slack')).toBeVisible()
      await expect(page.getByText('$42.60', { exact: true })).toBeInViewport()
      const url = page.getByText('https://api.stripe.com/v1/subscriptions/sub_1')
      await expect(url).toBeHidden()
      await page.getByText('Technical', { exact: true }).click()
      await expect(url).toBeVisible()
      const width = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(width).toBeLessThanOrEqual(0)
      await shoot(page, `decide-${name}`)
      await accessible(page)
    })

    test('a yes takes the form along, and what was changed of what is sent', async ({ page }) => {
      const { decision } = await open(page)
      await expect(page.getByLabel('Reason')).toBeVisible()
      await page.getByRole('button', { name: 'Approve', exact: true }).click()
      await expect(page.getByText('Please fill this in.')).toBeVisible()
      expect(decision()).toBeUndefined()
      await page.getByLabel('Reason').fill('asked for it')
      await page.getByRole('button', { name: 'Change what is sent' }).click()
      await page.getByLabel('Price').fill('price_business')
      await page.getByRole('button', { name: 'Approve as changed' }).click()
      await expect.poll(decision).toEqual({
        outcome: 'approved',
        edits: { execute: { '/price': 'price_business' } },
        values: { reason: 'asked for it' },
      })
    })

    test('a no takes words where the step says so; by keyboard', async ({ page }) => {
      const { decision } = await open(page)
      await page.keyboard.press('r')
      await expect(page.getByText('“Reject” takes a comment here: say why.')).toBeVisible()
      await expect(page.getByRole('textbox', { name: 'Comment' })).toBeFocused()
      await page.keyboard.type('too early')
      await page.getByRole('button', { name: 'Reject' }).focus()
      await page.keyboard.press('Enter')
      await expect.poll(decision).toEqual({ outcome: 'rejected', comment: 'too early' })
    })

    test('a decision that is held shows its clock, and is taken back by key', async ({ page }) => {
      const at = Date.now()
      const by = { id: 'u1', name: 'Morgan Manager', via: 'portal', on_behalf_of: null }
      const held = { outcome: 'approved', by, comment: null, at, until: at + 60_000, yours: true }
      const waiting = { ...full, may_decide: false, held, held_until: held.until, deciders: [] }
      const taken = { outcome: 'approved', by: { id: 'u1', name: 'Morgan Manager' }, said_at: at, at: at + 4000 }
      const again = { ...full, taken_back: [taken] }
      let now: object = waiting
      const { calls } = await open(page, {
        'GET /checkpoints/r1.5': () => now,
        'POST /checkpoints/r1.5/undo': () => (now = again),
      })
      const box = page.getByRole('region', { name: 'Held for a moment' })
      await expect(box.getByText('Approved by you.')).toBeVisible()
      await expect(box.getByRole('timer')).toHaveText(/^Counts in [1-6]?[0-9] s\. Nothing is sent before\.$/)
      await expect(page.getByRole('button', { name: 'Approve', exact: true })).toHaveCount(0)
      await shoot(page, `held-${name}`)
      await accessible(page)
      await page.keyboard.press('z')
      await expect.poll(() => calls.some((call) => call.path === '/checkpoints/r1.5/undo')).toBe(true)
      await expect(page.getByRole('button', { name: 'Approve', exact: true })).toBeEnabled()
      await expect(page.getByText('Approved by Morgan Manager, taken back')).toBeVisible()
    })

    test('a colleague sees whose held decision it is and cannot take it back', async ({ page }) => {
      const at = Date.now()
      const by = { ...fin, via: 'link', on_behalf_of: null }
      const held = { outcome: 'rejected', by, comment: null, at, until: at + 60_000, yours: false }
      await open(page, { 'GET /checkpoints/r1.5': { ...full, may_decide: false, held, held_until: held.until } })
      await expect(page.getByText('Rejected by Fin Finance.')).toBeVisible()
      await expect(page.getByRole('button', { name: 'Take it back' })).toHaveCount(0)
    })

    test('a decision that takes a password asks for it, and goes on', async ({ page }) => {
      const asking = {
        __status: 403,
        type: 'about:blank',
        title: 'This takes your password',
        status: 403,
        code: 'step_up_needed',
        detail: 'this takes your password, given in the last 5 min: sign in again',
      }
      let fresh = false
      const approvers_ = { ...full.approvers, step_up: { minutes: 5, links_only: false } }
      const card = { ...full, asked: null, approvers: approvers_ }
      const { calls } = await open(page, {
        'GET /checkpoints/r1.5': card,
        'POST /checkpoints/r1.5/decision': () =>
          fresh ? { ...card, status: 'decided', outcome: 'approved', outcomes: [] } : asking,
        'POST /auth/login': () => {
          fresh = true
          return me
        },
      })
      await expect(page.getByText('their password, given in the last 5 minutes')).toBeVisible()
      await page.getByRole('button', { name: 'Approve', exact: true }).click()
      await expect(page.getByLabel('Your password')).toBeFocused()
      await shoot(page, `step-up-${name}`)
      await accessible(page)
      await page.keyboard.type('secret words')
      await page.keyboard.press('Enter')
      await expect.poll(() => calls.filter((call) => call.path.endsWith('/decision')).length).toBe(2)
      expect(calls.find((call) => call.path === '/auth/login')?.body).toEqual({
        email: me.user.email,
        password: 'secret words',
        workspace: me.workspace.slug,
      })
      await expect(page.getByLabel('Your password')).toHaveCount(0)
    })

    test('it is taken, and given to another who may decide', async ({ page }) => {
      const { calls } = await open(page)
      await page.getByRole('button', { name: 'I am on it' }).click()
      await expect.poll(() => calls.some((call) => call.path === '/checkpoints/r1.5/take')).toBe(true)
      await page.getByRole('button', { name: 'Give to…' }).click()
      await page.getByLabel('To whom').selectOption('Fin Finance')
      await page.getByRole('button', { name: 'Give it' }).click()
      await expect
        .poll(() => calls.find((call) => call.path === '/checkpoints/r1.5/reassign')?.body)
        .toEqual({ to: 'u5' })
    })
  })
}

test('what is asked again says what changed, or that nothing did', async ({ page }) => {
  const nothing = /^Nothing in the request changed\./
  const request = 'The request changed after it was approved. The earlier approval is void; please look again.'
  const account = /^The account behind the connection is another/
  const before = { price: 'price_team' }
  const now = { price: 'price_enterprise' }
  for (const [difference, shown] of [
    [{ approved: now, now, account_changed: false }, [true, false, false]],
    [{ approved: before, now, account_changed: false }, [false, true, false]],
    [{ approved: now, now, account_changed: true }, [false, false, true]],
    [{ approved: before, now, account_changed: true }, [false, true, true]],
  ] as const) {
    const step = 'execute'
    await open(page, { 'GET /checkpoints/r1.5': { ...full, difference: { step, ...difference } } })
    for (const [at, words] of [nothing, request, account].entries())
      await expect(page.getByText(words)).toHaveCount(shown[at] ? 1 : 0)
    await accessible(page)
  }
})

test('a card that was changed under the eyes is read again before anything is decided', async ({ page }) => {
  const first = { ...full, asked: null, shown: 'one', may_decide: true }
  let now: Record<string, unknown> = first
  const { calls } = await open(page, {
    'GET /checkpoints/r1.5': () => now,
    'POST /checkpoints/r1.5/decision': (body: { shown?: string }) =>
      body.shown === now.shown
        ? { ...now, status: 'decided', outcome: 'approved', outcomes: [] }
        : {
            __status: 409,
            type: 'about:blank',
            title: 'What is asked was changed',
            status: 409,
            code: 'shown_changed',
            detail: 'read it again',
          },
  })
  const decisions = () => calls.filter((call) => call.path.endsWith('/decision')).map((call) => call.body)
  const approve = page.getByRole('button', { name: 'Approve', exact: true })
  now = { ...first, shown: 'two', summary: 'Upgrade for $90,000.00' }
  await approve.click()
  await expect(page.getByText('What is asked was changed while you looked at it.')).toBeVisible()
  await expect(page.getByText('Upgrade for $90,000.00').first()).toBeVisible()
  await expect(approve).toBeDisabled()
  await page.keyboard.press('a')
  // Answered by the page, so that the key before it is through; what it sent would be on its way.
  await page.keyboard.press('m')
  await expect(page.getByRole('textbox', { name: 'Comment' })).toBeFocused()
  await page.evaluate(() => fetch('/api/v1/auth/me'))
  expect(decisions()).toEqual([{ outcome: 'approved', shown: 'one' }])
  await shoot(page, 'decide-changed')
  await accessible(page)
  await page.getByRole('button', { name: 'I have read it again' }).click()
  await approve.click()
  await expect.poll(decisions).toEqual([
    { outcome: 'approved', shown: 'one' },
    { outcome: 'approved', shown: 'two' },
  ])
})

/** The card with one field that may be changed, what is shown, and what stands in the field. */
const editable = (shown: string, price: string) => ({
  ...full,
  shown,
  may_decide: true,
  asked: { ...full.asked, form: null },
  requests: [{ ...full.requests[0], input: { price } }],
})

test("a colleague's change stands: one's own is begun anew once it is read", async ({ page }) => {
  let now: Record<string, unknown> = editable('one', 'price_enterprise')
  const { calls, happens } = await open(page, {
    'GET /checkpoints/r1.5': () => now,
    'POST /checkpoints/r1.5/decision': () => ({ ...now, status: 'decided', outcome: 'approved', outcomes: [] }),
  })
  await page.getByRole('button', { name: 'Change what is sent' }).click()
  await page.getByLabel('Price').fill('price_business')
  now = editable('two', 'price_team')
  happens('checkpoint')
  await page.getByRole('button', { name: 'I have read it again' }).click()
  await expect(page.getByLabel('Price')).toHaveCount(0)
  await page.getByRole('button', { name: 'Change what is sent' }).click()
  await expect(page.getByLabel('Price')).toHaveValue('price_team')
  await page.getByRole('button', { name: 'Leave it as it was' }).click()
  await page.getByRole('button', { name: 'Approve', exact: true }).click()
  const decisions = () => calls.filter((call) => call.path.endsWith('/decision')).map((call) => call.body)
  await expect.poll(decisions).toEqual([{ outcome: 'approved', shown: 'two' }])
})

test('what one changed oneself is no news', async ({ page }) => {
  let now: Record<string, unknown> = editable('one', 'price_enterprise')
  const { calls } = await open(page, {
    'GET /checkpoints/r1.5': () => now,
    'POST /checkpoints/r1.5/decision': () => (now = editable('two', 'price_business')),
  })
  // Also not for a moment.
  await page.evaluate(() => {
    const alarms = new MutationObserver(() => {
      if (document.querySelector('[role=alert]')) document.body.dataset.alarmed = 'true'
    })
    alarms.observe(document.body, { childList: true, subtree: true })
  })
  await page.getByRole('button', { name: 'Change what is sent' }).click()
  await page.getByLabel('Price').fill('price_business')
  await page.getByRole('button', { name: 'Approve as changed' }).click()
  await expect(page.getByRole('button', { name: 'Change what is sent' })).toBeVisible()
  const reads = () => calls.filter((call) => call.method === 'GET' && call.path === '/checkpoints/r1.5').length
  await expect.poll(reads).toBe(2)
  const approve = page.getByRole('button', { name: 'Approve', exact: true })
  await expect(approve).toBeEnabled()
  await expect(page.locator('body')).not.toHaveAttribute('data-alarmed')
  await approve.click()
  await expect
    .poll(() => calls.findLast((call) => call.path.endsWith('/decision'))?.body)
    .toMatchObject({
      shown: 'two',
    })
})

test('what is allowed in advance is allowed once, and stays open when the card changes', async ({ page }) => {
  const standing = { step: 'refund', field: '/amount', amount_max: 50, per_day: 5, days: 3, when: null }
  const asked = { ...full.asked, form: null, standing }
  let now: Record<string, unknown> = { ...full, shown: 'one', asked }
  const { happens } = await open(page, { 'GET /checkpoints/r1.5': () => now })
  const keys: (string | undefined)[] = []
  await page.route('**/api/v1/standing-approvals', (route) => {
    keys.push(route.request().headers()['idempotency-key'])
    return keys.length === 1 ? route.abort() : route.fulfill({ status: 201, json: { id: 'sa1' } })
  })
  await page.getByRole('button', { name: 'Allow such requests in advance…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Why').fill('small ones')
  now = { ...full, shown: 'two', may_decide: false, asked }
  happens('checkpoint')
  await expect(page.getByText('What is asked was changed while you looked at it.')).toBeAttached()
  await expect(dialog.getByLabel('Why')).toHaveValue('small ones')
  await dialog.getByRole('button', { name: 'Allow', exact: true }).click()
  await expect(dialog.getByRole('alert')).toBeVisible()
  await dialog.getByRole('button', { name: 'Allow', exact: true }).click()
  await expect(dialog).toBeHidden()
  expect(keys).toHaveLength(2)
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
  expect(keys[1]).toBe(keys[0])
})

test('requests like this one are allowed in advance from the card, within what the step lets', async ({ page }) => {
  const request = { ...full.requests[0], step: 'refund', input: { amount: 26.7 } }
  const standing = {
    step: 'refund',
    field: '/amount',
    amount_max: 50,
    per_day: 5,
    days: 3,
    when: "currency = 'usd'",
  }
  const { calls } = await open(page, {
    'GET /checkpoints/r1.5': { ...full, requests: [request], asked: { ...full.asked, form: null, standing } },
    'POST /standing-approvals': { id: 'sa1' },
  })
  await page.getByRole('button', { name: 'Allow such requests in advance…' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByLabel('Up to')).toHaveValue('26.7')
  await expect(dialog.getByText("currency = 'usd'")).toBeVisible()
  await accessible(page)
  await page.setViewportSize({ width: 390, height: 844 })
  await shoot(page, 'allow-ahead')
  const sent = () => calls.find((call) => call.path === '/standing-approvals')?.body as Record<string, unknown>
  await dialog.getByLabel('Up to').fill('60')
  await dialog.getByRole('button', { name: 'Allow', exact: true }).click()
  expect(sent()).toBeUndefined()
  await dialog.getByLabel('Up to').fill('30')
  await dialog.getByLabel('Up to').press('Enter')
  await expect(dialog).toBeHidden()
  expect(sent()).toMatchObject({ step: 'approve', amount_max: 30, per_day: 5 })
})
