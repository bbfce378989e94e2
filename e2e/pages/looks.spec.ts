import { expect, test } from '@playwright/test'
import { mockApi } from '../support/mock'
import { setTheme } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

// One font for all of it: what is installed may differ, the picture may not.
const PINNED = "* { font-family: 'DejaVu Sans' !important; letter-spacing: 0 !important; caret-color: transparent !important } .react-flow__minimap { visibility: hidden }"

for (const theme of ['light', 'dark'] as const) {
  test(`the canvas looks as it did, ${theme}`, async ({ page }) => {
    await mockApi(page)
    await page.goto(`${ui.url}/workflows/wf1`)
    await page.addStyleTag({ content: PINNED })
    await setTheme(page, theme)
    await expect(page.locator('.react-flow__edge').first()).toBeVisible()
    await page.keyboard.press('f')
    await expect(page.locator('.react-flow')).toHaveScreenshot(`canvas-${theme}.png`, { maxDiffPixelRatio: 0.01, threshold: 0.2, animations: 'disabled' })
  })
}
