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

const getOrder = { ...refund, name: 'shop.order.get', title: 'An order', risk: 'read' }
const many = Array.from({ length: 650 }, (_, at) => ({
  ...getOrder,
  name: `shop.thing${at}.get`,
  title: `Thing ${at}`,
}))
const drawn = {
  schema: 1,
  name: 'Refund',
  start: 'look',
  steps: {
    look: { type: 'tool_call', title: 'Look', action: 'shop.order.get', input: { order: '1001' }, next: 'done' },
    done: { type: 'end' },
  },
}
const workflow = (draft: object) => ({
  id: 'wf1',
  name: 'Refund',
  draft,
  draft_revision: 12,
  active_version: 7,
  diagnostics: [],
})

test('what an action answered at a step is kept as its sample for everybody who builds', async ({ page }) => {
  const kept: unknown[] = []
  const calls = await mockApi(page, {
    'GET /connectors': { items: [{ ...shop, actions: [getOrder] }], next: null },
    'GET /connections': { items: connections.slice(0, 1), next: null },
    'GET /workflows/wf1': workflow(drawn),
    'GET /workflows/wf1/samples': () => ({
      items: kept.map((value) => ({
        of: 'step',
        id: 'look',
        value,
        kept_at: 1_790_000_000_000,
        kept_by: { id: 'u2', name: 'Bo' },
      })),
      next: null,
    }),
    'PUT /workflows/wf1/samples/step/look': (body: { value: unknown }) => ({
      removed: kept.splice(0, 1, body.value).length,
    }),
    'DELETE /workflows/wf1/samples/step/look': () => ({ removed: kept.splice(0).length }),
    'POST /connectors/shop/actions/order.get/try': (body: unknown) => {
      const about = { ...shown, action: getOrder.name, risk: 'read' }
      return (body as { dry_run?: boolean }).dry_run ? about : { ...about, result }
    },
  })
  await page.goto(`${ui.url}/workflows/wf1?step=look`)
  const panel = page.getByRole('complementary', { name: 'Settings of the step' })
  await panel.getByRole('button', { name: 'Try shop.order.get' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Show the request' }).click()
  await dialog.getByRole('button', { name: 'Send it' }).click()
  await dialog.getByRole('button', { name: 'Keep as the step’s sample' }).click()
  await expect(dialog).toHaveCount(0)
  await expect(panel.getByText('Sample kept by Bo')).toBeVisible()
  expect(calls.find((call) => call.method === 'PUT')?.body).toEqual({ value: result.output })
  await page.goto('about:blank')
  await page.goto(`${ui.url}/workflows/wf1?step=look`)
  await expect(panel.getByText('Sample kept by Bo')).toBeVisible()
  await accessible(page)
  await shoot(page, 'step-sample')
  await panel.getByRole('button', { name: 'Remove the sample of look' }).click()
  await expect(panel.getByText('Sample kept by Bo')).toHaveCount(0)
})

test('one of many actions is found by typing, page by page, and a dialog that was closed adds nothing', async ({
  page,
}) => {
  const saved: object[] = []
  const calls = await mockApi(page, {
    'GET /connectors': { items: [{ ...shop, actions: [getOrder, ...many] }], next: null },
    'GET /workflows/wf1': workflow(drawn),
    'PUT /workflows/wf1/draft': (body: { document: object }) => {
      saved.push(body.document)
      return workflow(body.document)
    },
  })
  await page.goto(`${ui.url}/workflows/wf1`)
  await expect(page.getByText('Look').first()).toBeVisible()
  await page.keyboard.press('/')
  const dialog = page.getByRole('dialog', { name: 'Add a step' })
  await expect(dialog.getByText('Show 100 more of 551. Type to narrow it down.')).toBeVisible()
  await dialog.getByText('Show 100 more of 551').click()
  await expect(dialog.getByText('Show 100 more of 451')).toBeVisible()
  await dialog.getByPlaceholder('Kind of step or action…').fill('thing649')
  await expect(dialog.getByRole('option')).toHaveCount(1)
  await shoot(page, 'add-step-found')
  await accessible(page)
  // Closed while what it takes is asked for.
  let answer = (): void => undefined
  const held = new Promise<void>((resolve) => (answer = resolve))
  await page.route('**/api/v1/connectors/shop/actions/thing649.get', async (route) => {
    await held
    await route.fallback()
  })
  const asked = page.waitForRequest('**/api/v1/connectors/shop/actions/thing649.get')
  await page.keyboard.press('Enter')
  await asked
  await page.keyboard.press('Escape')
  const answered = page.waitForResponse('**/api/v1/connectors/shop/actions/thing649.get')
  answer()
  await answered
  await expect(dialog).toHaveCount(0)
  await page.keyboard.press('/')
  await dialog.getByPlaceholder('Kind of step or action…').fill('thing648')
  await expect(dialog.getByRole('option')).toHaveCount(1)
  await page.keyboard.press('Enter')
  await expect(page.getByText('shop.thing648.get').first()).toBeVisible()
  await expect.poll(() => JSON.stringify(saved.at(-1) ?? {})).toContain('shop.thing648.get')
  // The field of a step does the same.
  const field = page.getByRole('combobox', { name: 'Action' })
  await field.fill('thing647')
  await expect(page.locator('[cmdk-item]')).toHaveCount(1)
  await expect(page.locator('[cmdk-item]')).toHaveAttribute('aria-selected', 'true')
  await accessible(page)
  await field.press('Enter')
  await expect.poll(() => JSON.stringify(saved.at(-1) ?? {})).toContain('shop.thing647.get')
  // A whole name is taken as it stands, without a key.
  await field.fill('shop.thing646.get')
  await expect.poll(() => JSON.stringify(saved.at(-1) ?? {})).toContain('shop.thing646.get')
  await expect(page.locator('[cmdk-item]')).toHaveCount(0)
  await expect(field).toHaveValue('shop.thing646.get')
  expect(JSON.stringify(saved)).not.toContain('thing649')
  expect(calls.filter((call) => call.path === '/actions').length).toBeLessThan(10)
})
