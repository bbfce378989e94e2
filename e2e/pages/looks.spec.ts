import { expect, test } from '@playwright/test'
import { mockApi } from '../support/mock'
import { setTheme } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

// One font for all of it, the one `scripts/setup browser` installs: what else is installed may differ, the picture may
// not.
const PINNED =
  "* { font-family: 'DejaVu Sans' !important; letter-spacing: 0 !important; caret-color: transparent !important }" +
  ' .react-flow__minimap { visibility: hidden }'
// Large enough that nothing is drawn smaller than it is.
test.use({ viewport: { width: 1700, height: 1500 } })
/** Fewer than a card's border in another colour, or a card five pixels away. */
const DIFFERENT_PIXELS_MAX = 150

for (const theme of ['light', 'dark'] as const) {
  test(`the canvas looks as it did, ${theme}`, async ({ page }) => {
    await mockApi(page)
    await page.goto(`${ui.url}/workflows/wf1`)
    await page.addStyleTag({ content: PINNED })
    await setTheme(page, theme)
    await expect(page.locator('.react-flow__edge').first()).toBeVisible()
    await page.keyboard.press('f')
    await expect(page.locator('.react-flow')).toHaveScreenshot(`canvas-${theme}.png`, {
      maxDiffPixels: DIFFERENT_PIXELS_MAX,
      threshold: 0.05,
      animations: 'disabled',
    })
  })
}
