import { expect, test } from '@playwright/test'
import { mockApi } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const refund = {
  name: 'shop.refund.create',
  title: 'Refund an order',
  description: 'Gives money back.',
  risk: 'high',
  idempotency: { kind: 'none' },
  look_up: null,
  input: {
    type: 'object',
    properties: { order: { type: 'string', title: 'Order' }, amount: { type: 'integer', title: 'Amount' } },
    required: ['order'],
  },
  output: {},
}
const shop = {
  name: 'shop',
  title: 'Shop',
  description: '',
  settings_schema: {},
  secrets_schema: {},
  revision: 1,
  actions: [refund],
}
const connections = ['main', 'spare'].map((name, at) => ({
  id: `k${at}`,
  connector: 'shop',
  name,
  settings: {},
  secret_names: ['token'],
  created_at: 1,
  updated_at: 1,
}))
const shown = {
  action: refund.name,
  risk: 'high',
  connection: 'spare',
  request: {
    method: 'POST',
    url: 'https://shop.example.com/refunds',
    headers: { authorization: 'Bearer ***' },
    body: { order: '1001' },
  },
  request_hash: 'abc',
  may_send: true,
  result: null,
}
const result = {
  output: { id: 're_1', status: 'succeeded' },
  error: null,
  status: 200,
  response_headers: {},
  response_body: '{"id":"re_1"}',
  response_truncated: false,
  duration_ms: 41,
}

test('an action is tried: what would be sent is shown, and sent only by somebody who says why', async ({ page }) => {
  const calls = await mockApi(page, {
    'GET /connectors/shop': shop,
    'GET /connections': { items: connections, next: null },
    'POST /connectors/shop/actions/refund.create/try': (body: unknown) =>
      (body as { dry_run?: boolean }).dry_run ? shown : { ...shown, result },
  })
  await page.goto(`${ui.url}/connectors/shop`)
  await page.getByRole('button', { name: 'Try shop.refund.create' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Connection').selectOption('spare')
  await dialog.getByLabel('Order').fill('1001')
  await accessible(page)
  await dialog.getByRole('button', { name: 'Show the request' }).click()
  await expect(dialog.getByText('POST https://shop.example.com/refunds')).toBeVisible()
  await expect(dialog.getByText('through spare')).toBeVisible()
  const send = dialog.getByRole('button', { name: 'Send it' })
  await expect(send).toBeDisabled()
  await dialog.getByLabel('I want exactly this request').check()
  await expect(send).toBeDisabled()
  await dialog.getByLabel('Why it is sent').fill('a robot bought it')
  await shoot(page, 'try-action')
  await accessible(page)
  await send.click()
  await expect(dialog.getByText('Status 200 · 41 ms')).toBeVisible()
  await expect(dialog.getByText('re_1').first()).toBeVisible()
  const bodies = calls.filter((call) => call.path.endsWith('/try')).map((call) => call.body)
  const input = { order: '1001' }
  expect(bodies).toEqual([
    { connection: 'spare', input, dry_run: true },
    { connection: 'spare', input, confirm: 'abc', reason: 'a robot bought it' },
  ])
  await page.setViewportSize({ width: 390, height: 844 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
})

test('who may not send sees the request and why it stays', async ({ page }) => {
  await mockApi(page, {
    'GET /connectors/shop': shop,
    'POST /connectors/shop/actions/refund.create/try': { ...shown, may_send: false },
  })
  await page.goto(`${ui.url}/connectors/shop`)
  await page.getByRole('button', { name: 'Try shop.refund.create' }).click()
  await page.getByRole('dialog').getByLabel('Order').fill('1001')
  await page.keyboard.press('Enter')
  await expect(page.getByText('but not send it')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Send it' })).toHaveCount(0)
})
