import { expect, test } from '@playwright/test'
import * as f from '../support/fixtures'
import { mockApi } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const template = (id: string, name: string, description: string, approvers: string[]) => ({
  id,
  name,
  description,
  connectors: ['shopify'],
  channels: ['email'],
  approvers,
  steps: 4,
  tests: 2,
  document: f.document,
})
const items = [
  template('address-change', 'Address change', 'Changes where an order is sent.', []),
  template('refund', 'Refund with tiers', 'Refunds a charge. Up to $50 any operator, above that a manager.', [
    'manager',
  ]),
]

for (const [name, viewport] of [
  ['desk', { width: 1280, height: 800 }],
  ['phone', { width: 390, height: 844 }],
] as const)
  test(`a sentence finds the nearest template and says what it has not, ${name}`, async ({ page }) => {
    await page.setViewportSize(viewport)
    await mockApi(page, { 'GET /templates': { items, next: null } })
    await page.goto(`${ui.url}/templates`)
    const list = page.getByRole('list', { name: 'Templates' }).getByRole('listitem')
    await expect(list).toHaveCount(2)
    await page.getByLabel('What should it do?').fill('refund if late, manager above 50')
    await expect(list.first()).toContainText('Refund with tiers')
    await expect(list.first()).toContainText('Not in it: late')
    await expect(page).toHaveURL(/[?&]say=/)
    await shoot(page, `templates-sentence-${name}`)
    await accessible(page)
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
    await list.first().getByRole('link').focus()
    await page.keyboard.press('Enter')
    await expect(page.getByRole('heading', { level: 2, name: 'Refund with tiers' })).toBeVisible()
    await expect(page.getByLabel('What should it do?')).toHaveValue('refund if late, manager above 50')
    await page.getByLabel('What should it do?').fill('weather')
    await expect(page.getByText('No template has any of that.')).toBeVisible()
    await expect(list).toHaveCount(2)
  })
