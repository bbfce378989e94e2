import { expect, test } from '@playwright/test'
import { hiddenLines, looseEnds } from '../support/canvas'
import { run } from '../support/fixtures'
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
  await complementary.getByLabel('error', { exact: true }).selectOption('Given up')
  await expect.poll(() => looseEnds(page)).toEqual([])
  await page.getByRole('button', { name: 'Fit to the window' }).click()
  expect(await hiddenLines(page)).toEqual([])
  await page.keyboard.press('l')
  await expect.poll(() => looseEnds(page)).toEqual([])
  await expect.poll(() => hiddenLines(page)).toEqual([])
})

test('over a run too: cards are as high as where they were laid out, lines pass behind none', async ({ page }) => {
  await mockApi(page)
  await page.goto(`${ui.url}/workflows/wf1`)
  await expect(page.locator('.react-flow__edge').first()).toBeVisible()
  const heights = () =>
    page
      .locator('.react-flow__node > div')
      .evaluateAll((cards) => [...new Set(cards.map((card) => (card as HTMLElement).offsetHeight))])
  // What is told on a card must fit into it.
  const full = () =>
    page
      .locator('.react-flow__node > div')
      .evaluateAll((cards) =>
        cards
          .filter((card) => card.scrollHeight > card.clientHeight + 8 || card.scrollWidth > card.clientWidth + 8)
          .map((card) => card.textContent),
      )
  const built = await heights()
  await page.goto(`${ui.url}/runs/${run.id}?tab=graph`)
  await expect(page.locator('.react-flow__node').getByText('Completed').first()).toBeVisible()
  expect(await heights()).toEqual(built)
  expect(await full()).toEqual([])
  await expect.poll(() => looseEnds(page)).toEqual([])
  await expect.poll(() => hiddenLines(page)).toEqual([])
})
