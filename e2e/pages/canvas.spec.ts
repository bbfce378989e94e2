import { expect, test } from '@playwright/test'
import { hiddenLines, looseEnds } from '../support/canvas'
import { mockApi } from '../support/mock'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

test('lines start at their handles and pass behind no card', async ({ page }) => {
  await mockApi(page)
  await page.goto(`${ui.url}/workflows/wf1`)
  await expect(page.locator('.react-flow__edge').first()).toBeVisible()
  await expect.poll(() => looseEnds(page)).toEqual([])
  expect(await hiddenLines(page)).toEqual([])
  await page.locator('.react-flow__node').filter({ hasText: 'Preview the proration' }).click()
  const complementary = page.getByRole('complementary', { name: 'Settings of the step' })
  await complementary.getByLabel('error').selectOption('Given up')
  await expect.poll(() => looseEnds(page)).toEqual([])
  await page.getByRole('button', { name: 'Fit to the window' }).click()
  expect(await hiddenLines(page)).toEqual([])
  await page.keyboard.press('l')
  await expect.poll(() => looseEnds(page)).toEqual([])
  await expect.poll(() => hiddenLines(page)).toEqual([])
})
