import { expect, test, type Page } from '@playwright/test'
import { alreadyDecided, checkpointDetails, checkpoints } from '../support/fixtures'
import { mockApi, type Answers } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const items = (page: Page) => page.getByRole('list', { name: 'Open items' }).getByRole('listitem')

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
      problem: alreadyDecided,
    },
    {
      checkpoint: 'b5.2',
      decided: null,
      problem: { type: 'about:blank', title: 'What is asked was changed', status: 409, code: 'shown_changed' },
    },
  ],
}

/** The inbox with these items, and what was sent to decide them. */
const open = async (page: Page, changes: Answers = {}) => {
  const answers = await mockApi(page, { 'GET /checkpoints': { items: REFUNDS, next: null }, ...changes })
  await page.goto(`${ui.url}/inbox`)
  await expect(items(page).first()).toBeVisible()
  const sent = () => answers.filter((call) => call.path.endsWith('/checkpoints/decisions')).map((call) => call.body)
  return { sent }
}

for (const [name, viewport] of [
  ['desk', { width: 1280, height: 800 }],
  ['phone', { width: 390, height: 844 }],
] as const) {
  test.describe(`together, ${name}`, () => {
    test.use({ viewport })

    test('look-alikes are decided in one table, and each has its own answer', async ({ page }) => {
      const other = { ...refund(9, '$1.00'), id: 'x9.2', step: 'other', summary: 'Something else' }
      const { sent } = await open(page, {
        'GET /checkpoints': { items: [...REFUNDS, other], next: null },
        'POST /checkpoints/decisions': CAME_OF_IT,
      })
      await page.getByRole('checkbox', { name: 'Tick: Refund $20.00 to customer 1' }).check()
      await expect(page.getByRole('checkbox', { name: 'Tick: Something else' })).toHaveCount(0)
      await page.getByRole('button', { name: 'Tick 4 more like it' }).click()
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
      await expect(page.getByText('1 on the record, 1 waits for others too, 2 refused: see each.')).toBeVisible()
      await shoot(page, `inbox-decided-together-${name}`)
      const decision = (number: number) => ({
        checkpoint: `b${number}.2`,
        outcome: 'approved',
        comment: 'all within reason',
        shown: `shown-${number}`,
      })
      expect(sent()).toEqual([{ decisions: [1, 2, 4, 5].map(decision) }])
      await page.getByRole('button', { name: 'Back to the list' }).last().click()
      await expect(page.getByRole('toolbar')).toHaveCount(0)
    })
  })
}

test('what the list does not tell whole is opened, not ticked', async ({ page }) => {
  const untold = { ...REFUNDS[1], shown: null }
  const { sent } = await open(page, {
    'GET /checkpoints': { items: [REFUNDS[0], untold, REFUNDS[2]], next: null },
    'GET /checkpoints/b2.2': { ...checkpointDetails['r1.5'], ...untold },
    'POST /checkpoints/decisions': ({ decisions }: { decisions: { checkpoint: string }[] }) => decided(decisions),
  })
  const box = page.getByRole('checkbox', { name: 'Tick: Refund $26.70 to customer 2' })
  const why = 'Decided alone: this line does not tell all of it.'
  await expect(box).toBeDisabled()
  await expect(box).toHaveAccessibleDescription(why)
  await expect(items(page).nth(1).getByText(why)).toBeVisible()
  await expect(page.getByText(why)).toHaveCount(1)
  await box.focus()
  await page.keyboard.press('Space')
  await expect(box).not.toBeChecked()
  await accessible(page)
  await shoot(page, 'inbox-decided-alone')

  await items(page).nth(1).getByRole('link').click()
  await expect(page).toHaveURL(/b2\.2/)
  await expect(page.getByRole('button', { name: 'Approve', exact: true })).toBeEnabled()
  await page.keyboard.press('x')
  await page.keyboard.press('Control+a')
  await expect(page.getByText('2 ticked')).toBeVisible()
  await expect(page.getByRole('button', { name: /more like/ })).toHaveCount(0)
  await expect(box).not.toBeChecked()
  await page.keyboard.press('t')
  await page.getByRole('button', { name: 'Approve 2' }).click()
  await expect(done(page)).toHaveText('All 2 are on the record.')
  expect(sent()).toMatchObject([{ decisions: [{ checkpoint: 'b1.2' }, { checkpoint: 'b3.2' }] }])
})

test('look-alikes are ticked and decided by keyboard alone', async ({ page }) => {
  const { sent } = await open(page, {
    'GET /checkpoints': { items: REFUNDS.slice(0, 2), next: null },
    'GET /checkpoints/b1.2': { ...checkpointDetails['r1.5'], ...REFUNDS[0] },
    'POST /checkpoints/decisions': ({ decisions }: { decisions: { checkpoint: string }[] }) => decided(decisions),
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
  expect(sent()).toMatchObject([{ decisions: [{ outcome: 'rejected', comment: null }, { outcome: 'rejected' }] }])
})

const tickAll = async (page: Page) => {
  await page.getByRole('checkbox').first().check()
  await page.getByRole('button', { name: /^Tick \d+ more like it$/ }).click()
}
const together = (page: Page) => page.getByRole('button', { name: 'Decide together' })
const heading = (page: Page) => page.getByRole('heading', { name: /^Decide \d+ together$/ })
const done = (page: Page) => page.getByRole('region', { name: 'Decide together' }).getByRole('status').last()

test('what lacks a comment stays to be decided, and is sent again with it', async ({ page }) => {
  const needed = { type: 'about:blank', title: 'This takes a comment', status: 422, code: 'comment_needed' }
  type Sent = { decisions: { checkpoint: string; comment: string | null }[] }
  const { sent } = await open(page, {
    'POST /checkpoints/decisions': ({ decisions }: Sent) => ({
      results: decisions.map(({ checkpoint, comment }) =>
        comment || checkpoint === 'b1.2'
          ? { checkpoint, decided: { checkpoint, status: 'decided', outcome: 'rejected' }, problem: null }
          : { checkpoint, decided: null, problem: needed },
      ),
    }),
  })
  await tickAll(page)
  await together(page).click()
  await page.getByRole('button', { name: 'Reject 5' }).click()
  await expect(done(page)).toHaveText('1 on the record, 4 refused: see each.')
  await page.getByRole('button', { name: 'Leave out: Refund $310.00 to customer 3' }).click()
  await page.getByRole('textbox', { name: 'Comment' }).fill('not ours to give')
  await page.getByRole('button', { name: 'Reject 3' }).click()
  await expect(done(page)).toHaveText('All 4 are on the record.')
  const last = (sent().at(-1) as Sent).decisions
  expect(last.map(({ checkpoint, comment }) => [checkpoint, comment])).toEqual(
    [2, 4, 5].map((number) => [`b${number}.2`, 'not ours to give']),
  )
})

test('the table is opened by its button only, never by an address, and Back leaves it', async ({ page }) => {
  await open(page)
  await page.goto(`${ui.url}/inbox?together=true`)
  await page.getByRole('checkbox').first().check()
  await expect(page.getByText('1 ticked')).toBeVisible()
  await expect(heading(page)).toHaveCount(0)
  await page.getByRole('tab', { name: /^All/ }).click()
  await page.getByRole('checkbox').first().check()
  await together(page).click()
  await expect(heading(page)).toBeVisible()
  await page.goBack()
  await expect(heading(page)).toHaveCount(0)
  await expect(page.getByText('1 ticked')).toBeVisible()
  await expect(page).toHaveURL(/\/inbox\?.*tab=all$/)
})

test('what was decided is ticked no more after Back', async ({ page }) => {
  await open(page, { 'POST /checkpoints/decisions': CAME_OF_IT })
  await page.getByRole('tab', { name: /^All/ }).click()
  await tickAll(page)
  await together(page).click()
  await page.getByRole('button', { name: 'Leave out: Refund $310.00 to customer 3' }).click()
  await page.getByRole('button', { name: 'Approve 4' }).click()
  await expect(done(page)).toBeVisible()
  await page.goBack()
  await expect(items(page)).toHaveCount(5)
  await expect(page.getByRole('toolbar')).toHaveCount(0)
})

test('the keys of the list are silent while the table is open', async ({ page }) => {
  await open(page)
  await page.keyboard.press('j')
  await expect(page).toHaveURL(/b1\.2/)
  await page.keyboard.press('x')
  await page.keyboard.press('t')
  await expect(heading(page)).toHaveText('Decide 1 together')
  const address = page.url()
  for (const key of ['j', 'k', 'x', 'Control+a', 't']) await page.keyboard.press(key)
  // Answered by the table, so that the keys before it are through.
  await page.keyboard.press('m')
  await expect(page.getByRole('textbox', { name: 'Comment' })).toBeFocused()
  expect(page.url()).toBe(address)
  await expect(heading(page)).toHaveText('Decide 1 together')
  await page.getByRole('button', { name: 'Back to the list' }).click()
  await expect(page.getByText('1 ticked')).toBeVisible()
})

const MANY = Array.from({ length: 150 }, (_, at) => refund(at + 1, '$20.00'))
const decided = (numbers: readonly { checkpoint: string }[]) => ({
  results: numbers.map(({ checkpoint }) => ({
    checkpoint,
    decided: { checkpoint, status: 'decided', outcome: 'approved' },
    problem: null,
  })),
})

/** 150 ticked and the table open; the first part is answered when it is let go, a second one by `second`. */
const sendMany = async (page: Page, second: 'served' | 'broken') => {
  const { sent } = await open(page, { 'GET /checkpoints': { items: MANY, next: null } })
  let letGo = () => {}
  const held = new Promise<void>((resolve) => (letGo = resolve))
  let parts = 0
  await page.route('**/api/v1/checkpoints/decisions', async (route) => {
    parts += 1
    const { decisions } = route.request().postDataJSON() as { decisions: { checkpoint: string }[] }
    if (parts === 1) await held
    if (parts > 1 && second === 'broken') return route.abort()
    await route.fulfill({ json: decided(decisions) })
  })
  // A page of ours to go back to.
  await page.getByRole('tab', { name: /^All/ }).click()
  await tickAll(page)
  await together(page).click()
  await page.getByRole('button', { name: 'Approve 150' }).click()
  await expect.poll(() => parts).toBe(1)
  return { sent, letGo, parts: () => parts }
}

test('leaving while it is sent sends no more, and shows what was decided', async ({ page }) => {
  const { letGo, parts } = await sendMany(page, 'served')
  await page.keyboard.press('Escape')
  await expect(heading(page)).toBeVisible()
  await page.goBack()
  await expect(heading(page)).toBeVisible()
  letGo()
  await expect(page.getByRole('button', { name: 'Approve 50' })).toBeEnabled()
  await expect(done(page)).toHaveText('100 on the record, 50 not sent.')
  expect(parts()).toBe(1)
  await page.getByRole('button', { name: 'Approve 50' }).click()
  await expect(done(page)).toHaveText('All 150 are on the record.')
})

test('a part that does not arrive is told, and what came before it stands', async ({ page }) => {
  const { letGo } = await sendMany(page, 'broken')
  letGo()
  await expect(page.getByRole('alert')).toBeVisible()
  await expect(done(page)).toHaveText('100 on the record, 50 not sent.')
  await expect(page.getByRole('button', { name: 'Approve 50' })).toBeEnabled()
})

test('the focus goes to the table, to what came of it, and back to the list', async ({ page }) => {
  const { results } = CAME_OF_IT
  await open(page, { 'POST /checkpoints/decisions': { results: results.slice(0, 1) } })
  await page.getByRole('checkbox').first().check()
  await page.getByRole('button', { name: 'Tick 4 more like it' }).click()
  await expect(together(page)).toBeFocused()
  await page.getByRole('button', { name: 'Tick none' }).click()
  await expect(page.getByRole('region', { name: 'Items' })).toBeFocused()
  await page.getByRole('checkbox').first().check()
  await together(page).click()
  await expect(heading(page)).toBeFocused()
  await page.getByRole('button', { name: 'Approve 1' }).click()
  await expect(done(page)).toHaveText('It is on the record.')
  await expect(done(page)).toBeFocused()
  await page.getByRole('button', { name: 'Back to the list' }).last().click()
  await expect(page.getByRole('region', { name: 'Items' })).toBeFocused()
})
