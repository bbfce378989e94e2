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

test('the list of workflows says what starts each, and how it fares', async ({ page }) => {
  await mockApi(page)
  await page.goto(`${ui.url}/workflows`)
  const row = page.getByRole('row', { name: /Subscription Upgrade/ })
  await expect(row).toContainText('message, API')
  await expect(page.getByRole('columnheader', { name: 'Success, last 50' })).toBeVisible()
  await expect(row).toContainText('94 % 47 of the newest 50 that ended did not fail')
  await expect(row).toContainText('changed: unpublished changes')
  await expect(row).toContainText('The card was declined.')
  await expect(page.getByRole('row', { name: /^Refund/ })).toContainText('100 %')
  await shoot(page, 'workflows-fare')
  await accessible(page)
  await page.setViewportSize({ width: 390, height: 844 })
  await expect(row.getByRole('link', { name: 'Subscription Upgrade' })).toBeVisible()
  await shoot(page, 'phone-workflows-fare')
  await accessible(page)
  await page.setViewportSize({ width: 1280, height: 800 })
  await row.getByRole('link', { name: /The card was declined/ }).click()
  await expect(page).toHaveURL(/\/runs\//)
})

for (const [role, place] of [
  ['admin', '/dashboard'],
  ['builder', '/workflows'],
  ['operator', '/inbox'],
  ['viewer', '/runs'],
] as const)
  test(`the ${role} lands at ${place}`, async ({ page }) => {
    await mockApi(page, { 'GET /auth/me': { ...f.me, role } })
    await page.goto(ui.url)
    await expect(page).toHaveURL(ui.url + place)
  })

test('whoever signs in lands where their work is, or where they were going', async ({ page }) => {
  let known = false
  const nobody = { __status: 401, type: 'about:blank', title: 'Sign in', status: 401, code: 'unauthenticated' }
  await mockApi(page, {
    'GET /auth/me': () => (known ? { ...f.me, role: 'builder' } : nobody),
    'POST /auth/login': () => {
      known = true
      return { ...f.me, role: 'builder' }
    },
  })
  for (const [from, to] of [
    ['/', '/workflows'],
    ['/inbox', '/inbox'],
  ] as const) {
    known = false
    await page.goto(ui.url + from)
    await page.getByLabel('E-mail').fill('ada@example.com')
    await page.getByLabel('Password', { exact: true }).fill('a long password')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page).toHaveURL(ui.url + to)
  }
})

test('the title of the tab counts what waits', async ({ page }) => {
  let mine = 4
  await mockApi(page, { 'GET /checkpoints/counts': () => ({ ...f.checkpointCounts, mine }) })
  await page.goto(`${ui.url}/runs`)
  await expect(page).toHaveTitle(/^\(4\) Runs · /)
  await page.getByRole('link', { name: 'Workflows', exact: true }).click()
  await expect(page).toHaveTitle(/^\(4\) Workflows · /)
  mine = 0
  await page.reload()
  await expect(page).toHaveTitle(/^Workflows · /)
})
