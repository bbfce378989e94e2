import { expect, test, type Page } from '@playwright/test'
import { checkpointDetails, runs } from '../support/fixtures'
import { mockApi, mockEvents, type Answers } from '../support/mock'
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

    test('what else was run for the customer stands beside what is asked', async ({ page }) => {
      const asked: string[] = []
      await open(page, '/inbox/r7.3', {
        'GET /runs': (_: unknown, query: URLSearchParams) => {
          asked.push(query.toString())
          return { items: runs, next: 'more', unreadable: [] }
        },
      })
      const others = page.getByRole('list', { name: 'Other runs of this customer' })
      await expect(others.getByRole('listitem')).toHaveCount(5)
      expect(asked).toEqual(['customer=c2&limit=6'])
      await expect(others).toContainText('Order 1042')
      await others.scrollIntoViewIfNeeded()
      await shoot(page, `inbox-other-runs-${name}`)
      await accessible(page)
      await page.getByRole('link', { name: 'All of them' }).click()
      await expect(page).toHaveURL(/\/runs\?customer=c2$/)
    })

    test('of a call that nobody knows of the card tells what left, what came back and what was asked', async ({
      page,
    }) => {
      const doubt = checkpointDetails['r9.6'] as { unknown: object }
      const answer = { now: doubt as unknown }
      await open(page, '/inbox/r9.6?kind=unknown_outcome', { 'GET /checkpoints/r9.6': () => answer.now })
      await expect(page.getByText('The other side was asked, and could not tell')).toBeVisible()
      await expect(page.getByText('No answer within 30 s')).toBeVisible()
      await expect(page.getByText('What came back, as far as it went')).toBeVisible()
      await shoot(page, `inbox-unknown-${name}`)
      await accessible(page)
      answer.now = { ...doubt, unknown: { ...doubt.unknown, look_up: null, exchange: null } }
      await page.reload()
      await expect(page.getByText('Nothing here can ask the other side')).toBeVisible()
      await expect(page.getByText('What came back')).toHaveCount(0)
    })

    test('without other runs, and where they cannot be read, the card says so', async ({ page }) => {
      let fails = false
      await open(page, '/inbox/r7.3', {
        'GET /runs': () =>
          fails
            ? { __status: 403, type: 'about:blank', status: 403, code: 'forbidden', title: 'You may not do this' }
            : { items: [], next: null, unreadable: [] },
      })
      const section = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Other runs' }) })
      await expect(section.getByText('None yet.')).toBeVisible()
      fails = true
      await page.reload()
      await expect(section.getByText('You may not do this')).toBeVisible()
      await expect(page.getByRole('button', { name: 'Approve', exact: true })).toBeVisible()
    })

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

test('a pause in the search leaves the letters to the box, and nothing is decided', async ({ page }) => {
  const { answers } = await open(page, '/inbox/r1.5', { 'GET /checkpoints/r1.5': checkpointDetails['r1.5'] })
  await page.getByRole('tab', { name: /^All/ }).click()
  const box = page.getByLabel('Search the inbox')
  await box.pressSequentially('gr')
  await expect(page).toHaveURL(/q=gr$/)
  await box.page().keyboard.type('aja')
  await expect(box).toHaveValue('graja')
  await expect(box).toBeFocused()
  await expect(page).toHaveURL(/tab=all&q=graja$/)
  expect(answers.filter((call) => call.method === 'POST')).toEqual([])
  await page.goBack()
  await expect(box).toHaveValue('')
  await page.goForward()
  await expect(box).toHaveValue('graja')
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await expect(box).toHaveValue('')
  await expect(items(page)).toHaveCount(4)
})

type Item = { id: string; summary: string }
const approvals = ['r1.5', 'r7.3'].map((id) => checkpointDetails[id] as Item) as [Item, Item]
const headed = (page: Page, { summary }: Item) => page.getByRole('heading', { level: 1 }).filter({ hasText: summary })

test('the item on top is open beside the list, and no key decides it before somebody chose it', async ({ page }) => {
  const [top] = approvals
  const decided: unknown[] = []
  await page.setViewportSize({ width: 1280, height: 800 })
  await open(page, '/inbox', {
    'GET /checkpoints': { items: [top], next: null },
    [`POST /checkpoints/${top.id}/decision`]: (body: unknown) => {
      decided.push(body)
      return { ...top, status: 'decided', outcome: 'approved' }
    },
  })
  await expect(headed(page, top)).toBeVisible()
  await expect(items(page).first().getByRole('link')).toHaveAttribute('aria-current', 'true')
  await shoot(page, 'inbox-first')
  await accessible(page)
  // A stray key decides nothing, and no button says that it would.
  await expect(page.getByRole('button', { name: 'Approve', exact: true })).toBeVisible()
  await page.keyboard.press('a')
  await page.keyboard.press('r')
  await expect(page).toHaveURL(/\/inbox$/)
  expect(decided).toEqual([])
  // Chosen with a key, it is decided with one.
  await page.keyboard.press('j')
  await expect(page).toHaveURL(new RegExp(`/inbox/${top.id}$`))
  await page.keyboard.press('a')
  await expect.poll(() => decided.length).toBe(1)
})

test('what comes on top later takes nobody’s place, and a phone shows the list alone', async ({ page }) => {
  const [top, newer] = approvals
  let shown: object[] = [top]
  await page.setViewportSize({ width: 1280, height: 800 })
  await mockApi(page, { 'GET /checkpoints': () => ({ items: shown, next: null }) })
  const tell = await mockEvents(page)
  await page.goto(`${ui.url}/inbox`)
  await expect(headed(page, top)).toBeVisible()
  shown = [{ ...newer, due_at: 1 }, top]
  tell('checkpoint')
  await expect(items(page)).toHaveCount(2)
  await expect(items(page).first()).toContainText(newer.summary)
  await expect(headed(page, top)).toBeVisible()
  await page.setViewportSize({ width: 390, height: 844 })
  await expect(headed(page, top)).toBeHidden()
})
