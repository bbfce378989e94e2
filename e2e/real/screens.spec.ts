import { expect, test, type Page } from '@playwright/test'
import { account, signIn, startDemo, startEmpty, type Demo } from '../support/demo'
import { furnish } from '../support/seed'
import { accessible, ready, shoot } from '../support/shots'
import { workflowNamed } from '../support/upgrade'

let demo: Demo
test.beforeAll(async ({ browser }) => {
  demo = await startDemo()
  const page = await browser.newPage()
  await enter(page)
  await furnish(browser, demo, page)
  await page.context().close()
})
test.afterAll(async () => demo?.close())

test.setTimeout(480_000)

const PAGES = [
  'Inbox',
  'Dashboard',
  'Runs',
  'Workflows',
  'Conversations',
  'Connectors',
  'People',
  'Audit',
  'Settings',
] as const
const ROUTE_MS_MAX = 100
const ROUNDS = 9

const at = (path: string) => new URL(path, demo.inbox).href
const openItems = (page: Page) => page.getByRole('list', { name: 'Open items' }).getByRole('link')

async function enter(page: Page, role = 'admin'): Promise<void> {
  await signIn(page, demo.inbox, account(demo, role))
  await expect(page.getByRole('heading', { level: 1, name: 'Inbox' })).toBeVisible()
  await ready(page)
}

async function look(page: Page, name: string): Promise<void> {
  await shoot(page, `real/${name}`)
  await accessible(page)
}

test('every page in both themes, clean for assistive technology', async ({ page }) => {
  await enter(page)
  for (const name of PAGES) {
    await page
      .getByRole('navigation')
      .getByRole('link', { name: new RegExp(`^${name}`) })
      .click()
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
    await look(page, name.toLowerCase())
  }
  await page.goto(at('/conversations'))
  await page.getByRole('table', { name: 'Conversations' }).getByRole('link').first().click()
  await expect(page.getByRole('list', { name: 'Conversation' }).getByRole('listitem').first()).toBeVisible()
  await look(page, 'conversation')
  await page.goto(at('/inbox?tab=all&kind=handoff'))
  await openItems(page).first().click()
  await page.getByRole('button', { name: 'Take it' }).click()
  await expect(page.getByText('Taken by Admin Example')).toBeVisible()
  await look(page, 'inbox-handoff')
  await page.keyboard.press('ControlOrMeta+k')
  await expect(page.getByRole('option', { name: 'Discount' })).toBeVisible()
  await look(page, 'palette')
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await look(page, 'shortcuts')
})

test('login and the first set-up', async ({ page }) => {
  await page.goto(demo.inbox)
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible()
  await look(page, 'login')
  const empty = await startEmpty()
  try {
    await page.goto(empty.setup)
    await expect(page.getByLabel('New password')).toBeVisible()
    await look(page, 'setup')
    await page.getByLabel('New password').fill('long enough to be one')
    await page.getByRole('button', { name: 'Start' }).click()
    await expect(page.getByLabel('Your name')).toHaveAccessibleDescription('1 to 200 characters')
    await page.getByLabel('Your name').fill('Admin Example')
    await page.getByLabel('E-mail').fill('admin@example.com')
    await page.getByRole('button', { name: 'Start' }).click()
    // An administrator lands on the dashboard.
    await expect(page.getByRole('heading', { level: 1, name: 'Dashboard' })).toBeVisible()
    await page.goto(`${empty.url}/inbox`)
    await expect(page.getByRole('heading', { name: 'Nothing waits for you' })).toBeVisible()
    await look(page, 'inbox-empty')
  } finally {
    await empty.close()
  }
})

test('runs, inbox and an approval on a phone', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await enter(page, 'manager')
  await look(page, 'inbox-phone')
  await openItems(page).filter({ hasText: 'Ada Example' }).click()
  await expect(page.getByRole('heading', { name: 'On approve' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Approve' })).toBeEnabled()
  await look(page, 'inbox-approval-phone')
  await page.goto(at('/runs'))
  await expect(page.getByRole('table', { name: 'Runs' }).getByRole('link').first()).toBeVisible()
  await look(page, 'runs-phone')
})

/** Where a click leads, and what is there once the page's data has come. */
const ROUTES: [name: string, link: string, content: string][] = [
  ['workflows', 'aside nav a[href="/workflows"]', 'table[aria-label="Workflows"] tbody tr'],
  ['builder', 'table[aria-label="Workflows"] tbody a', '.react-flow__node'],
  ['versions', 'main a[href$="/versions"]', 'ol[aria-label="Versions"] > li'],
  ['dashboard', 'aside nav a[href="/dashboard"]', 'table[aria-label="Time per step"] tbody tr'],
  ['runs', 'aside nav a[href="/runs"]', 'table[aria-label="Runs"] tbody tr'],
  ['run', 'table[aria-label="Runs"] tbody a', 'ol[aria-label="Steps"] > li'],
  ['inbox', 'aside nav a[href="/inbox"]', 'ul[aria-label="Open items"] > li'],
]

/** Milliseconds from the click until the first content is drawn. */
function routeTime(page: Page, link: string, content: string): Promise<number> {
  return page.evaluate(
    async ([from, to, most]) => {
      const anchor = document.querySelector<HTMLAnchorElement>(from)
      if (!anchor) throw new Error(`no link ${from}`)
      if (document.querySelector(to)) throw new Error(`${to} is there before the click`)
      const start = performance.now()
      anchor.click()
      while (!document.querySelector(to)) {
        if (performance.now() - start > most) throw new Error(`no ${to} after ${most} ms`)
        await new Promise(requestAnimationFrame)
      }
      return performance.now() - start
    },
    [link, content, 10_000] as const,
  )
}

/** Signs in again without loading the page: the code is there, as for somebody at work, and no data is. */
async function forget(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible()
  await page.evaluate(() => history.pushState({}, '', '/login?next=/settings'))
  const { email, password } = account(demo, 'admin')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible()
  await ready(page)
}

test('a page is there with its data within 100 ms', async ({ page }) => {
  await enter(page)
  const times = new Map<string, number[]>(ROUTES.map(([name]) => [name, []]))
  // The first round loads the code and is not counted.
  for (let round = 0; round <= ROUNDS; round += 1) {
    await forget(page)
    for (const [name, link, content] of ROUTES) {
      const time = await routeTime(page, link, content)
      if (round > 0) times.get(name)?.push(time)
      await ready(page)
    }
  }
  const median = (of: number[]) => [...of].sort((a, b) => a - b)[Math.floor(of.length / 2)] ?? Infinity
  for (const [name, all] of times)
    console.log(`${name}: median ${median(all).toFixed(0)} ms of ${all.map((time) => time.toFixed(0)).join(', ')}`)
  for (const [name, all] of times) expect.soft(median(all), name).toBeLessThan(ROUTE_MS_MAX)
})

test('the builder in both themes', async ({ page }) => {
  await enter(page)
  const { id } = await workflowNamed(page, 'Subscription Upgrade')
  for (const [width, height] of [
    [1280, 800],
    [2560, 1440],
  ] as const) {
    await page.setViewportSize({ width, height })
    for (const step of width === 1280 ? ['ask', 'eligible', 'approve', 'confirm'] : ['approve']) {
      await page.goto(at(`/workflows/${id}?step=${step}`))
      await expect(page.locator('.react-flow__node').first()).toBeVisible()
      await expect(page.getByRole('complementary', { name: 'Settings of the step' }).getByLabel('Title')).toBeVisible()
      await shoot(page, `real/builder-${step}-${width}`)
      if (width === 1280) await accessible(page)
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto(at(`/workflows/${id}?step=eligible`))
  await page.getByRole('tab', { name: 'Rules' }).click()
  await expect(page.getByRole('group', { name: 'When' })).toBeVisible()
  await look(page, 'builder-rules')
})
