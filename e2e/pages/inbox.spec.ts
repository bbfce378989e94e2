import { expect, test, type Page } from '@playwright/test'
import { checkpointDetails, checkpoints } from '../support/fixtures'
import { mockApi, type Answers } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const open = async (page: Page, at = '/inbox', changes: Answers = {}) => {
  const asked: URLSearchParams[] = []
  const answers = await mockApi(page, changes)
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.pathname.endsWith('/api/v1/checkpoints')) asked.push(url.searchParams)
  })
  await page.goto(`${ui.url}${at}`)
  return { answers, asked }
}
const items = (page: Page) => page.getByRole('list', { name: 'Open items' }).getByRole('listitem')
const last = (asked: URLSearchParams[]) => Object.fromEntries(asked.at(-1) ?? [])

for (const [name, viewport] of [
  ['desk', { width: 1280, height: 800 }],
  ['phone', { width: 390, height: 844 }],
] as const) {
  test.describe(name, () => {
    test.use({ viewport })

    test('what is mine comes first, with how many there are, and filters stand in the address', async ({ page }) => {
      const { asked } = await open(page)
      await expect(items(page)).toHaveCount(3)
      expect(last(asked)).toEqual({ scope: 'mine', status: 'open', limit: '50' })
      const tab = (label: string | RegExp) => page.getByRole('tab', { name: label })
      await expect(tab('Mine 3')).toHaveAttribute('aria-selected', 'true')
      await expect(tab('Decided 1,000+')).toBeVisible()
      await shoot(page, `inbox-mine-${name}`)
      await accessible(page)

      await tab('All 4').click()
      await expect(items(page)).toHaveCount(4)
      await page.getByLabel('Kind').selectOption('Approvals')
      await page.getByLabel('Search the inbox').fill('grace')
      await expect(items(page)).toHaveCount(1)
      await expect(page).toHaveURL(/tab=all&kind=approval&q=grace$/)
      expect(last(asked)).toEqual({ scope: 'all', status: 'open', kind: 'approval', q: 'grace', limit: '50' })
      await items(page).getByRole('link').click()
      await expect(page).toHaveURL(/r7\.3\?tab=all&kind=approval&q=grace$/)
      if (name === 'phone') await page.getByRole('link', { name: 'Back to the list' }).click()
      await page.reload()
      await expect(page.getByLabel('Search the inbox')).toHaveValue('grace')
      await expect(items(page)).toHaveCount(1)
      const width = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(width).toBeLessThanOrEqual(0)

      await page.getByRole('button', { name: 'Clear filters' }).click()
      await expect(items(page)).toHaveCount(4)
      await tab(/^Decided/).click()
      await expect(page.getByRole('heading', { name: 'Nothing decided yet' })).toBeVisible()
      expect(last(asked)).toEqual({ scope: 'all', status: 'decided', limit: '50' })
    })
  })
}

test('the badge says how many the reader may decide, and no more than was counted', async ({ page }) => {
  const counts = { approval: 9, form: 5, handoff: 0, unknown_outcome: 0, groups: 0, all: 9, decided: 0, at_most: 1_000 }
  let mine = 2
  const badge = page.getByRole('navigation').getByRole('link', { name: /^Inbox/ })
  await open(page, '/inbox', { 'GET /checkpoints/counts': () => ({ ...counts, mine }) })
  await expect(badge).toHaveText('Inbox2')
  mine = 1_000
  await page.reload()
  await expect(badge).toHaveText('Inbox1,000+')
  mine = 0
  await page.reload()
  await expect(items(page)).toHaveCount(3)
  await expect(badge).toHaveText('Inbox')
})

test('a search that found nothing so far looks further, one that fits nothing says so', async ({ page }) => {
  let further = false
  await open(page, '/inbox?q=needle', {
    'GET /checkpoints': (_: unknown, query: URLSearchParams) => {
      further = query.get('cursor') === '5.x'
      return { items: [], next: further ? null : '5.x' }
    },
  })
  await expect(page.getByRole('heading', { name: 'Nothing found so far' })).toBeVisible()
  await page.getByRole('button', { name: 'Look further' }).click()
  await expect(page.getByRole('heading', { name: 'Nothing fits' })).toBeVisible()
  expect(further).toBe(true)
})

const fact = (label: string, value: string) => ({ label, value })
const refund = (number: number, amount: string, country = 'CH') => ({
  ...checkpoints[0],
  id: `b${number}.2`,
  step: 'ask',
  title: 'Ask a manager',
  summary: `Refund ${amount} to customer ${number}`,
  customer: { id: `c${number}`, name: `Customer ${number}` },
  facts: [fact('Amount', amount), fact('Order', `#${number}7`), fact('Country', country)],
  may_decide: true,
  shown: `shown-${number}`,
})
const REFUNDS = [
  refund(1, '$20.00'),
  refund(2, '$26.70'),
  refund(3, '$310.00'),
  refund(4, '$24.10', 'US'),
  refund(5, '$21.00'),
]
/** Of four one is decided by somebody else, one was changed, one takes another yes. */
const CAME_OF_IT = {
  results: [
    { checkpoint: 'b1.2', decided: { checkpoint: 'b1.2', status: 'decided', outcome: 'approved' }, problem: null },
    { checkpoint: 'b2.2', decided: { checkpoint: 'b2.2', status: 'open', outcome: null }, problem: null },
    {
      checkpoint: 'b4.2',
      decided: null,
      problem: {
        type: 'about:blank',
        title: 'Already decided',
        status: 409,
        code: 'already_decided',
        outcome: 'rejected',
        decided_by: { name: 'Bo Builder' },
        decided_at: Date.now() - 60_000,
      },
    },
    {
      checkpoint: 'b5.2',
      decided: null,
      problem: { type: 'about:blank', title: 'What is asked was changed', status: 409, code: 'shown_changed' },
    },
  ],
}

for (const [name, viewport] of [
  ['desk', { width: 1280, height: 800 }],
  ['phone', { width: 390, height: 844 }],
] as const) {
  test.describe(`together, ${name}`, () => {
    test.use({ viewport })

    test('look-alikes are decided in one table, and each has its own answer', async ({ page }) => {
      const other = { ...refund(9, '$1.00'), id: 'x9.2', step: 'other', summary: 'Something else' }
      const { answers } = await open(page, '/inbox', {
        'GET /checkpoints': { items: [...REFUNDS, other], next: null },
        'POST /checkpoints/decisions': CAME_OF_IT,
      })
      await page.getByRole('checkbox', { name: 'Tick: Refund $20.00 to customer 1' }).check()
      await expect(page.getByRole('checkbox', { name: 'Tick: Something else' })).toHaveCount(0)
      await page.getByRole('button', { name: 'Tick 4 more like them' }).click()
      await expect(page.getByText('5 ticked')).toBeVisible()
      await shoot(page, `inbox-ticked-${name}`)
      await page.getByRole('button', { name: 'Decide together' }).click()

      await expect(page.getByRole('heading', { name: 'Decide 5 together' })).toBeVisible()
      const row = (number: number) => page.getByRole('row').filter({ hasText: `customer ${number}` })
      await expect(row(3)).toContainText('$310.00 far above the others')
      await expect(row(4)).toContainText('US differs')
      await expect(page.getByText('2 values stand out.')).toBeVisible()
      await shoot(page, `inbox-together-${name}`)
      await accessible(page)
      await page.getByRole('button', { name: 'Leave out: Refund $310.00 to customer 3' }).click()
      await page.getByRole('textbox', { name: 'Comment' }).fill('all within reason')
      const width = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(width).toBeLessThanOrEqual(0)
      await page.getByRole('button', { name: 'Approve 4' }).click()

      await expect(row(1)).toContainText('Approved')
      await expect(row(2)).toContainText('Others must decide too')
      await expect(row(4)).toContainText('Already decided: rejected by Bo Builder')
      await expect(row(5)).toContainText('What is asked was changed')
      await expect(page.getByText('2 on the record, 2 refused: see each.')).toBeVisible()
      await shoot(page, `inbox-decided-together-${name}`)
      const sent = answers.find((call) => call.path.endsWith('/checkpoints/decisions'))?.body
      const decision = (number: number) => ({
        checkpoint: `b${number}.2`,
        outcome: 'approved',
        comment: 'all within reason',
        shown: `shown-${number}`,
      })
      expect(sent).toEqual({ decisions: [1, 2, 4, 5].map(decision) })
      await page.getByRole('button', { name: 'Back to the list' }).last().click()
      await expect(page.getByRole('toolbar')).toHaveCount(0)
    })
  })
}

test('look-alikes are ticked and decided by keyboard alone', async ({ page }) => {
  const { answers } = await open(page, '/inbox', {
    'GET /checkpoints': { items: REFUNDS.slice(0, 2), next: null },
    'GET /checkpoints/b1.2': { ...checkpointDetails['r1.5'], ...REFUNDS[0] },
    'POST /checkpoints/decisions': { results: CAME_OF_IT.results.slice(0, 2) },
  })
  await expect(items(page)).toHaveCount(2)
  await page.keyboard.press('j')
  await expect(page).toHaveURL(/b1\.2/)
  await page.keyboard.press('x')
  await expect(page.getByText('1 ticked')).toBeVisible()
  await page.keyboard.press('Control+a')
  await expect(page.getByText('2 ticked')).toBeVisible()
  await page.keyboard.press('t')
  await expect(page.getByRole('heading', { name: 'Decide 2 together' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByText('2 ticked')).toBeVisible()
  await page.keyboard.press('t')
  await page.keyboard.press('r')
  await expect(page.getByText('All 2 are on the record.')).toBeVisible()
  const sent = answers.find((call) => call.path.endsWith('/checkpoints/decisions'))?.body
  expect(sent).toMatchObject({ decisions: [{ outcome: 'rejected', comment: null }, { outcome: 'rejected' }] })
})
