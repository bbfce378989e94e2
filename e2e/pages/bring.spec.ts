import { expect, test, type Page } from '@playwright/test'
import { document as drawn, NOW } from '../support/fixtures'
import { mockApi } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const action = (name: string, risk: string) => ({
  name: `shop.${name}`,
  title: name,
  description: `Does ${name} in the shop`,
  risk,
  idempotency: { kind: 'none' },
  look_up: null,
  input: {},
  output: {},
})
const shop = {
  name: 'shop',
  title: 'Shop',
  description: 'Everything in the shop.',
  settings_schema: {},
  secrets_schema: {},
  revision: 2,
  actions: [
    action('list_orders', 'read'),
    action('refund_order', 'high'),
    ...Array.from({ length: 130 }, (_, at) => action(`update_${at}`, 'write')),
  ],
}
const added = {
  name: 'shop',
  revision: 2,
  actions: 132,
  paged: ['shop.list_orders'],
  warnings: ['/paths/~1orders: a callback is not understood'],
  left_out: [{ pointer: '/paths/~1broken/get', reason: 'its parameter `id` has no schema' }],
  dry_run: false,
  offered: [],
  changes: {
    added: ['refund_order'],
    removed: ['old_one'],
    changed: ['list_orders'],
    inside: [
      {
        action: 'list_orders',
        risk_before: null,
        risk: 'read',
        address_before: 'GET /orders',
        address: 'GET /v2/orders',
        input: ['input `limit` is new, and must be given'],
        other: ['its words'],
      },
    ],
    of_all: [],
  },
  used_by: [
    {
      workflow: 'wf1',
      name: 'Subscription Upgrade',
      draft: true,
      active_version: 3,
      ramped_version: null,
      diagnostics: [{ code: 'x', severity: 'error', pointer: '', message: '`shop.old_one` is gone', help: null }],
    },
  ],
}

const offered = (name: string, method: string, path: string, risk: string) => ({
  name,
  title: `Does ${name}`,
  method,
  path,
  risk,
  guessed: true,
})
const offer = {
  ...added,
  dry_run: true,
  reviewed: '1.abc',
  offered: [
    offered('list_orders', 'GET', '/v2/orders', 'read'),
    offered('refund_order', 'POST', '/orders/{id}/refund', 'high'),
    ...Array.from({ length: 130 }, (_, at) => offered(`update_${at}`, 'PUT', `/orders/{id}/${at}`, 'write')),
  ],
}

const narrow = async (page: Page) => {
  await page.setViewportSize({ width: 390, height: 844 })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth)
  expect(wide).toBeLessThanOrEqual(390)
}

test('a pasted document becomes a connector, and what was left out is told', async ({ page }) => {
  let answer = () => {}
  const waits = new Promise<void>((done) => (answer = done))
  await mockApi(page, { 'GET /connectors/shop': shop })
  const sent: unknown[] = []
  await page.route('**/api/v1/connectors', async (route) => {
    if (route.request().method() !== 'POST') return route.fallback()
    const body = route.request().postDataJSON() as { dry_run?: boolean }
    sent.push(body)
    await waits
    await route.fulfill(body.dry_run ? { status: 200, json: offer } : { status: 201, json: added })
  })
  await page.goto(`${ui.url}/connectors`)
  await page.getByRole('link', { name: 'Add connector' }).focus()
  await page.keyboard.press('Enter')
  await page.getByLabel('Or its text').fill('openapi: 3.1.0')
  await page.getByLabel('Name').fill('shop')
  await shoot(page, 'connector-add')
  await accessible(page)
  await page.getByLabel('Name').press('Enter')
  await expect(page.getByRole('progressbar')).toBeVisible()
  answer()
  // Nothing is written before it was looked at and its risks were put right.
  await expect(page.getByRole('heading', { name: 'shop would be revision 2' })).toBeFocused()
  expect(sent).toEqual([{ source: 'openapi: 3.1.0', name: 'shop', dry_run: true }])
  await expect(page.getByText('100 of 132 shown')).toBeVisible()
  await expect(page.getByText('address: GET /orders, now GET /v2/orders')).toBeVisible()
  await expect(page.getByText('input `limit` is new, and must be given')).toBeVisible()
  await expect(page.getByText('draft, active version 3')).toBeVisible()
  await page.getByLabel('Risk of update_1', { exact: true }).selectOption('high')
  await page.getByLabel('Risk of refund_order').selectOption('write')
  await page.getByLabel('Risk of refund_order').selectOption('high')
  await expect(page.getByText('1 risk put right')).toBeVisible()
  await expect(page.getByText('guessed: writes')).toBeVisible()
  // A new search begins with the first page of what it finds.
  await page.getByRole('button', { name: 'Show 32 more' }).click()
  await expect(page.getByText('132 shown', { exact: true })).toBeVisible()
  await page.getByLabel('Search actions').fill('orders')
  await expect(page.getByText('100 of 132 shown')).toBeVisible()
  await page.getByLabel('Show', { exact: true }).selectOption('high')
  await expect(page.getByText('1 shown', { exact: true })).toBeVisible()
  await page.getByLabel('Show', { exact: true }).selectOption('')
  await page.getByLabel('Search actions').fill('')
  await shoot(page, 'connector-review')
  await accessible(page)
  await narrow(page)
  await shoot(page, 'connector-review-narrow')
  await page.setViewportSize({ width: 1280, height: 720 })
  await page.getByRole('button', { name: 'Install' }).click()
  await expect(page.getByRole('heading', { name: 'shop, revision 2' })).toBeFocused()
  expect(sent[1]).toEqual({
    source: 'openapi: 3.1.0',
    name: 'shop',
    reviewed: '1.abc',
    risks: { update_1: 'high' },
  })
  await expect(page.getByRole('cell', { name: '/paths/~1broken/get' })).toBeVisible()
  await expect(page.getByText('has no schema')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Lists page by page (1)' })).toBeVisible()
  await expect(page.getByText('shop.list_orders')).toBeVisible()
  await expect(page.getByText('a callback is not understood')).toBeVisible()
  await expect(page.getByText('`shop.old_one` is gone')).toBeVisible()
  await shoot(page, 'connector-added')
  await accessible(page)
  await narrow(page)
  await page.getByRole('link', { name: 'See its actions' }).click()
  await expect(page.getByText('revision 2', { exact: true })).toBeVisible()
})

test('what was corrected outlives a way back, and what changed meanwhile is looked at again', async ({ page }) => {
  await mockApi(page)
  const sent: { dry_run?: boolean; reviewed?: string; risks?: object }[] = []
  const fewer = { ...offer, reviewed: '2.def', offered: offer.offered.filter(({ name }) => name !== 'refund_order') }
  await page.route('**/api/v1/connectors', async (route) => {
    if (route.request().method() !== 'POST') return route.fallback()
    const body = route.request().postDataJSON() as (typeof sent)[number]
    sent.push(body)
    const looks = sent.filter((one) => one.dry_run).length
    if (body.dry_run) return route.fulfill({ status: 200, json: looks < 3 ? offer : fewer })
    if (body.reviewed === '2.def') return route.fulfill({ status: 201, json: added })
    const detail = 'revision 2 was put in meanwhile'
    const problem = { type: 'about:blank', title: 'Changed since you looked', code: 'connector_changed', detail }
    await route.fulfill({ status: 409, contentType: 'application/problem+json', json: { ...problem, status: 409 } })
  })
  await page.goto(`${ui.url}/connectors/add-new`)
  await page.getByLabel('Or its text').fill('openapi: 3.1.0')
  await page.getByRole('button', { name: 'Review' }).click()
  const head = page.getByRole('heading', { name: 'shop would be revision 2' })
  await expect(head).toBeFocused()
  await page.getByLabel('Risk of update_1', { exact: true }).selectOption('high')
  await page.getByLabel('Risk of refund_order').selectOption('write')
  await page.getByRole('button', { name: 'Back' }).click()
  await expect(page.getByRole('form', { name: 'Add a connector' })).toBeFocused()
  await expect(page.getByLabel('Or its text')).toHaveValue('openapi: 3.1.0')
  await page.getByRole('button', { name: 'Review' }).click()
  await expect(page.getByText('2 risks put right')).toBeVisible()
  await page.getByRole('button', { name: 'Install' }).click()
  await expect(page.getByRole('alert')).toContainText('Changed since you looked')
  await expect(page.getByRole('alert')).toContainText('revision 2 was put in meanwhile')
  await expect(head).toBeFocused()
  await shoot(page, 'connector-changed')
  await accessible(page)
  // An action that is gone has no risk to say.
  await page.getByRole('button', { name: 'Review again' }).click()
  await expect(page.getByText('1 risk put right')).toBeVisible()
  await expect(head).toBeFocused()
  await page.getByRole('button', { name: 'Install' }).click()
  await expect(page.getByRole('heading', { name: 'shop, revision 2' })).toBeFocused()
  expect(sent.filter((one) => !one.dry_run).map(({ reviewed, risks }) => ({ reviewed, risks }))).toEqual([
    { reviewed: '1.abc', risks: { update_1: 'high', refund_order: 'write' } },
    { reviewed: '2.def', risks: { update_1: 'high' } },
  ])
  await page.getByRole('button', { name: 'Add another' }).click()
  await expect(page.getByRole('form', { name: 'Add a connector' })).toBeFocused()
  await expect(page.getByLabel('Or its text')).toHaveValue('')
})

test('a manifest says its risks: nothing of it is called a guess', async ({ page }) => {
  const said = { ...offer, offered: offer.offered.slice(0, 2).map((one) => ({ ...one, guessed: false })) }
  await mockApi(page, { 'POST /connectors': said })
  await page.goto(`${ui.url}/connectors/add-new`)
  await page.getByLabel('Or its text').fill('name: shop')
  await page.getByRole('button', { name: 'Review' }).click()
  await expect(page.getByText('as the manifest or the revision before says')).toBeVisible()
  await page.getByLabel('Risk of refund_order').selectOption('write')
  await expect(page.getByText('instead of: high risk')).toBeVisible()
  await expect(page.getByText(/guess/)).toHaveCount(0)
})

test('a file is sent whole; a refusal says why and leaves what was given', async ({ page }) => {
  const problem = {
    __status: 422,
    type: 'about:blank',
    title: 'This is no usable connector',
    status: 422,
    code: 'connector_unusable',
    detail: 'no operation can be used: /paths is empty',
    pointer: '/source',
  }
  const calls = await mockApi(page, { 'POST /connectors': problem })
  await page.goto(`${ui.url}/connectors/add-new`)
  await expect(page.getByRole('button', { name: 'Review' })).toBeDisabled()
  const file = { name: 'shop.yaml', mimeType: 'application/yaml', buffer: Buffer.from('paths: {}') }
  await page.locator('input[type=file]').setInputFiles(file)
  await page.getByRole('button', { name: 'Review' }).click()
  await expect(page.getByRole('alert')).toContainText('no operation can be used')
  await expect(page.getByText('shop.yaml')).toBeVisible()
  expect(calls.find((call) => call.method === 'POST')?.body).toEqual({ source: 'paths: {}', dry_run: true })
  await accessible(page)
})

test('a connector shows its actions with their risk, and is not removed while used', async ({ page }) => {
  await mockApi(page, {
    'GET /connectors/shop': shop,
    'DELETE /connectors/shop': {
      __status: 409,
      type: 'about:blank',
      title: 'Workflows call this connector',
      status: 409,
      code: 'connector_used',
      detail: 'used by Subscription Upgrade',
    },
  })
  await page.goto(`${ui.url}/connectors/shop`)
  await expect(page.getByText('100 of 132 shown')).toBeVisible()
  await shoot(page, 'connector')
  await accessible(page)
  await page.getByRole('button', { name: 'Show 32 more' }).click()
  await expect(page.getByText('132 shown', { exact: true })).toBeVisible()
  await page.getByLabel('Search actions').fill('update')
  await expect(page.getByText('100 of 130 shown')).toBeVisible()
  await page.getByLabel('Search actions').fill('')
  await page.getByLabel('Risk').selectOption('high')
  await expect(page.getByRole('row')).toHaveCount(2)
  await expect(page.getByRole('cell', { name: 'high risk' })).toBeVisible()
  await page.getByLabel('Search actions').fill('nothing like it')
  await expect(page.getByText('No action fits.')).toBeVisible()
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await expect(page.getByRole('alert')).toContainText('used by Subscription Upgrade')
  await page.keyboard.press('Escape')
  await narrow(page)
})

const triggers = [
  {
    id: 'orders',
    type: 'webhook',
    enabled: true,
    url: 'https://flows.example.com/hooks/t/ws1.abcdefghijklmnop',
    has_secret: false,
    next_at: null,
    last_fires: [
      { event: 'e1', at: NOW - 60_000, outcome: 'started', run: 'r1', error: null },
      { event: 'e2', at: NOW - 120_000, outcome: 'failed', run: null, error: 'the input does not fit' },
    ],
  },
  { id: 'nightly', type: 'schedule', enabled: true, url: null, has_secret: false, next_at: NOW + 9e9, last_fires: [] },
]
const version = {
  version: 7,
  document: {
    ...drawn,
    triggers: [
      { type: 'webhook', path: 'orders', verify: 'shared_secret' },
      { type: 'schedule', id: 'nightly', cron: '0 9 * * 1', time_zone: 'Europe/Berlin' },
    ],
  },
}

test('triggers tell their address, their next time and what came of the last fires', async ({ page }) => {
  const calls = await mockApi(page, {
    'GET /workflows/wf1/triggers': { items: triggers, next: null },
    'GET /workflows/wf1/versions/7': version,
    'PATCH /workflows/wf1/triggers/nightly': {},
    'PATCH /workflows/wf1/triggers/orders': {},
    'POST /inbound/e2/replay': { accepted: true, event: 'e3' },
  })
  await page.goto(`${ui.url}/workflows/wf1/triggers`)
  await expect(page.getByRole('textbox', { name: 'Address' })).toHaveValue(triggers[0]?.url ?? '')
  await expect(page.getByRole('region', { name: 'A call of orders' })).toContainText('x-webhook-secret')
  await expect(page.getByText('(Europe/Berlin)')).toBeVisible()
  await expect(page.getByText('the input does not fit')).toBeVisible()
  await expect(page.getByRole('link', { name: 'Open the run' })).toHaveAttribute('href', '/runs/r1')
  await shoot(page, 'triggers')
  await accessible(page)
  await page.getByRole('button', { name: 'Copy the address' }).click()
  await expect(page.getByRole('button', { name: /Copied|by hand/ })).toBeVisible()
  await page.getByRole('switch', { name: 'Trigger nightly is switched on' }).press('Space')
  await expect(page.getByText('nightly is switched off.')).toBeVisible()
  await page.getByLabel('Secret that calls are verified with').fill('hush')
  await page.keyboard.press('Enter')
  await expect(page.getByText('The secret is kept.')).toBeVisible()
  await page
    .getByRole('button', { name: /come once more/ })
    .last()
    .click()
  await expect(page.getByText('It comes once more')).toBeVisible()
  const changes = calls.filter((call) => call.method === 'PATCH').map((call) => call.body)
  expect(changes).toEqual([{ enabled: false }, { secret: 'hush' }])
  await narrow(page)
})

test('without a trigger, or a published version, it says what to do', async ({ page }) => {
  await mockApi(page, { 'GET /workflows/wf1/triggers': { items: [], next: null } })
  await page.goto(`${ui.url}/workflows/wf1/triggers`)
  await expect(page.getByRole('heading', { name: 'No trigger' })).toBeVisible()
  await accessible(page)
})
