import { expect, test, type Page } from '@playwright/test'
import * as f from '../support/fixtures'
import { answersOf, mockApi } from '../support/mock'
import { shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const LONG =
  ' https://example.com/orders/returns/a-very-long-address-without-any-blank/' + '0123456789abcdef'.repeat(20)
/** What somebody writes, and what a person must read. */
const WRITTEN = new Set(
  (
    'name title summary detail description text message body comment note label prompt reason help error ' +
    'last_message email team error_message step_title display_name customer_name workflow_name'
  ).split(' '),
)

/** The answer with a text that has no place to break in every text somebody wrote. */
function hostile(value: unknown, key = '', inside = ''): unknown {
  if (typeof value === 'string') return WRITTEN.has(key) ? value + LONG : value
  if (Array.isArray(value)) return value.map((item) => hostile(item, key, inside))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, hostile(member, name, key)]))
}

async function mockHostile(page: Page): Promise<void> {
  const changes: Record<string, unknown> = {}
  for (const [path, answer] of Object.entries(answersOf())) {
    if (path.startsWith('GET /auth') || path.startsWith('GET /workflows/wf1/diff')) continue
    changes[path] =
      typeof answer === 'function'
        ? (body: unknown, query: URLSearchParams) =>
            hostile((answer as (b: unknown, q: unknown) => unknown)(body, query))
        : hostile(answer)
  }
  await mockApi(page, changes)
}

/**
 * How far the page reaches past the screen, and what is cut off: text past the right edge with nothing to scroll it by,
 * and text hidden by its box without the dots that say so.
 */
const faults = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found = new Set<string>()
    const wide = document.documentElement.scrollWidth - window.innerWidth
    if (wide > 0) found.add(`the page is ${wide} px wider than the screen`)
    const hidden = (style: CSSStyleDeclaration) => style.overflowX === 'hidden' || style.overflowX === 'clip'
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const own = node.parentElement
      if (!own || !node.textContent?.trim() || own.closest('.react-flow, .sr-only, svg, script, style, option'))
        continue
      const range = document.createRange()
      range.selectNodeContents(node)
      const box = range.getBoundingClientRect()
      if (box.width < 2 || box.height < 2 || !own.checkVisibility({ visibilityProperty: true })) continue
      const where = () => `${own.tagName.toLowerCase()} “${node.textContent?.trim().slice(0, 40)}” (${own.className})`
      let scrolls = false
      for (let at: Element | null = own; at && !scrolls; at = at.parentElement) {
        const style = getComputedStyle(at)
        if (style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none') scrolls = true
        else if (style.overflowX === 'auto' || style.overflowX === 'scroll') scrolls = true
        else if (hidden(style) && box.right > at.getBoundingClientRect().right + 1) {
          found.add(`cut off: ${where()}`)
          scrolls = true
        }
      }
      if (!scrolls && box.right > window.innerWidth + 1) found.add(`past the edge: ${where()}`)
    }
    return [...found]
  })

const PAGES: [name: string, path: string, wait: string][] = [
  ['inbox', '/inbox', 'Ada Example'],
  ['approval', '/inbox/r1.5', 'On approve'],
  ['handoff', '/inbox/r8.4?kind=handoff', 'Return to workflow'],
  ['unknown', '/inbox/r9.6?kind=unknown_outcome', 'Did this happen?'],
  ['runs', '/runs', 'Runs'],
  ['run', `/runs/${f.run.id}`, 'Verify customer identity'],
  ['failed run', `/runs/${f.failedRun.id}?visit=6`, 'insufficient_funds'],
  ['workflows', '/workflows', 'Account deletion'],
  ['builder', '/workflows/wf1', 'Manager approval required'],
  ['versions', '/workflows/wf1/versions', 'Ask for approval before every upgrade'],
  ['conversations', '/conversations', 'A colleague has a quick look'],
  ['conversation', '/conversations/cv1', 'I want to upgrade'],
  ['connectors', '/connectors', 'Slack'],
  ['people', '/people', 'Bo Builder'],
  ['audit', '/audit', 'published version 7'],
  ['dashboard', '/dashboard', 'Runs by status'],
  ['settings', '/settings', 'Appearance'],
]
const SCREENS = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
]

for (const [name, path, wait] of PAGES) {
  test(`${name}: a text without a place to break is read whole on every screen`, async ({ page }) => {
    await mockHostile(page)
    for (const viewport of SCREENS) {
      await page.setViewportSize(viewport)
      if (viewport === SCREENS[0]) await page.goto(ui.url + path)
      await expect(page.getByText(wait).locator('visible=true').first()).toBeVisible()
      await shoot(page, `hostile-${name}-${viewport.width}`)
      expect.soft(await faults(page), `${name} at ${viewport.width}`).toEqual([])
    }
  })
}
