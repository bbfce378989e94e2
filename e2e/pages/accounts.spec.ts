import { expect, test, type Page } from '@playwright/test'
import { mockApi, mockEvents, type Answers } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const account = (name: string, health: { state: string; message: string; at: number }) => ({
  id: name,
  connector: 'stripe',
  name,
  settings: {},
  secret_names: ['api_key'],
  health,
  tokens: null,
  used: null as object | null,
  created_at: Date.now(),
  updated_at: Date.now(),
})
const stripe = {
  name: 'stripe',
  title: 'Stripe',
  description: 'Money.',
  settings_schema: { type: 'object', properties: {} },
  secrets_schema: {
    type: 'object',
    properties: { api_key: { type: 'string', title: 'Secret key' } },
    required: ['api_key'],
  },
  limits_schema: {
    type: 'object',
    properties: {
      calls_at_once: { type: 'integer', minimum: 1, title: 'Calls at once', description: 'Others wait.' },
      timeout_seconds: { type: 'integer', minimum: 1, title: 'Time limit, seconds' },
      allowed_hosts: {
        type: 'array',
        title: 'Allowed hosts',
        description: 'Calls and redirects go to the connection’s own address and to these alone.',
        items: { type: 'string', title: 'Host' },
      },
    },
  },
  revision: 0,
  actions: [],
}
const refused = {
  __status: 422,
  type: 'about:blank',
  title: 'The service refused this account',
  status: 422,
  code: 'connection_refused',
  detail: 'stripe answered 401: invalid API key',
}

const open = async (page: Page, changes: Answers = {}) => {
  const calls = await mockApi(page, {
    'GET /connectors': { items: [stripe], next: null },
    'GET /connections': {
      items: [
        account('main', { state: 'sound', message: '', at: Date.now() - 60_000 }),
        account('spare', { state: 'refused', message: 'stripe answered 401', at: Date.now() - 3_600_000 }),
      ],
      next: null,
    },
    ...changes,
  })
  await page.goto(`${ui.url}/connectors`)
  await expect(page.getByText('stripe answered 401')).toBeVisible()
  return calls
}

const tokens = (state: string, more: object = {}) => ({
  grant: 'authorization_code',
  state,
  reason: '',
  expires_at: null,
  connected_at: null,
  connected_by: null,
  scope: 'read',
  ...more,
})
const shop = { ...stripe, name: 'shop', title: 'Shop', oauth_callback: 'https://countersign.example/oauth/callback' }
const shopAccount = (name: string, told: object) => ({
  ...account(name, { state: 'untried', message: '', at: 0 }),
  connector: 'shop',
  tokens: told,
})

for (const [name, viewport] of [
  ['desk', { width: 1280, height: 800 }],
  ['phone', { width: 390, height: 844 }],
] as const) {
  test.describe(name, () => {
    test.use({ viewport })

    test('accounts are connected, connected again and disconnected', async ({ page }) => {
      const dead = 'the refresh token was used before; what was agreed to is void (invalid_grant)'
      const fresh = tokens('connected', {
        connected_at: Date.now(),
        connected_by: 'Ada',
        expires_at: Date.now() + 90_000,
      })
      await page.route('https://shop.example/**', (route) => route.fulfill({ body: 'Do you agree?' }))
      const calls = await open(page, {
        'GET /connectors': { items: [stripe, shop], next: null },
        'GET /connections': {
          items: [
            account('spare', { state: 'refused', message: 'stripe answered 401', at: Date.now() - 3_600_000 }),
            shopAccount('new', tokens('not_connected')),
            shopAccount('fresh', fresh),
            shopAccount('dead', tokens('reconnect', { reason: dead })),
            shopAccount('machine', tokens('connected', { grant: 'client_credentials' })),
          ],
          next: null,
        },
        'POST /connections/fresh/disconnect': {
          connection: shopAccount('fresh', tokens('not_connected')),
          revoked: false,
          message: 'no answer came in time',
        },
        'POST /connections/dead/connect': { address: 'https://shop.example/authorize?state=x' },
      })
      await expect(page.getByText(dead)).toBeVisible()
      await expect(page.getByText('gets its access itself')).toBeVisible()
      await expect(page.getByRole('button', { name: 'Connect new' })).toBeVisible()
      await expect(page.getByRole('button', { name: /connect machine/i })).toHaveCount(0)
      await accessible(page)
      await shoot(page, `tokens-${name}`)
      await page.getByRole('button', { name: 'Disconnect' }).first().click()
      const asked = page.getByRole('dialog', { name: 'Disconnect “fresh”?' })
      await asked.getByRole('button', { name: 'Disconnect' }).click()
      await expect(page.getByText('the service did not take the tokens back: no answer came in time')).toBeVisible()
      await page
        .getByRole('listitem')
        .filter({ hasText: 'Shop' })
        .last()
        .getByRole('button', { name: 'Connect' })
        .click()
      await expect(page.getByText(shop.oauth_callback)).toBeVisible()
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Reconnect dead' }).click()
      await expect(page.getByText('Do you agree?')).toBeVisible()
      expect(page.url()).toBe('https://shop.example/authorize?state=x')
      expect(calls.filter((call) => call.method === 'POST')).toHaveLength(2)
    })

    test('who comes back from a service is connected once, and a no is said', async ({ page }) => {
      const calls = await mockApi(page, {
        'GET /connectors': { items: [shop], next: null },
        'GET /connections': { items: [shopAccount('new', tokens('connected'))], next: null },
        'POST /connections/connected': shopAccount('new', tokens('connected')),
      })
      await page.goto(`${ui.url}/oauth/callback?code=12345678901234567890&state=0042&iss=https%3A%2F%2Fshop.example`)
      await expect(page.getByText('new is connected.')).toBeVisible()
      await expect(page).toHaveURL(`${ui.url}/connectors`)
      const sent = calls.filter((call) => call.method === 'POST')
      expect(sent.map((call) => call.body)).toEqual([{ code: '12345678901234567890', state: '0042' }])
      await mockApi(page, {
        'POST /connections/connected': {
          ...refused,
          code: 'connect_refused',
          title: 'The service gave no access',
          detail: 'Ada pressed Deny. (access_denied)',
        },
      })
      await page.goto(`${ui.url}/oauth/callback?error=access_denied&state=77`)
      await expect(page.getByText('Ada pressed Deny. (access_denied)')).toBeVisible()
      await expect(page).toHaveURL(`${ui.url}/oauth/callback`)
      await page.goto(`${ui.url}/oauth/callback`)
      await expect(page.getByText('The service sent nothing along.')).toBeVisible()
    })

    test('accounts say how they stand, who uses them, and are tested by keyboard', async ({ page }) => {
      const calls = await open(page, {
        'GET /connections/main/uses': { items: [{ workflow: 'wf1', name: 'Subscription Upgrade' }], next: null },
        'GET /connections/spare/uses': { items: [], next: null },
        'GET /connections': {
          items: [
            {
              ...account('main', { state: 'sound', message: '', at: Date.now() - 60_000 }),
              used: {
                at: Date.now() - 120_000,
                workflow: { id: 'wf1', name: 'Subscription Upgrade' },
                run: 'run1',
                person: null,
              },
            },
            {
              ...account('spare', { state: 'refused', message: 'stripe answered 401', at: Date.now() - 3_600_000 }),
              used: { at: Date.now() - 3_600_000, workflow: null, run: null, person: 'Ada' },
            },
          ],
          next: null,
        },
        'POST /connections/main/test': account('main', { state: 'unreachable', message: 'no answer', at: Date.now() }),
      })
      const main = page.getByRole('listitem').filter({ hasText: 'Subscription Upgrade' })
      await expect(main.getByText('by a run of')).toBeVisible()
      await expect(main.getByRole('link', { name: 'Subscription Upgrade' })).toHaveAttribute('href', '/runs/run1')
      await expect(page.getByText('by Ada, who tried an action')).toBeVisible()
      await expect(page.getByText('Administrators are told, once,')).toHaveCount(1)
      await page.getByRole('button', { name: 'Which workflows use main' }).click()
      const uses = page.getByRole('list', { name: 'Used by' })
      await expect(uses.getByRole('link', { name: 'Subscription Upgrade' })).toBeVisible()
      await page.getByRole('button', { name: 'Which workflows use spare' }).click()
      await expect(page.getByText('No draft and no active version calls through it.')).toBeVisible()
      await page.getByRole('button', { name: 'Test main' }).focus()
      await page.keyboard.press('Enter')
      await expect(page.getByText('main: no answer')).toBeVisible()
      expect(calls.filter((call) => call.path === '/connections/main/test')).toHaveLength(1)
      const width = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(width).toBeLessThanOrEqual(0)
      await shoot(page, `accounts-${name}`)
      await accessible(page)
    })
  })
}

test('an account that its service refuses is saved only on purpose, and not after it was changed', async ({ page }) => {
  const asked: string[] = []
  await open(page)
  let letGo = () => {}
  const held = new Promise<void>((resolve) => (letGo = resolve))
  await page.route('**/api/v1/connections?**', async (route) => {
    const untested = new URL(route.request().url()).searchParams.get('untested')
    asked.push(String(untested))
    if (untested === 'true') {
      await held
      return route.fulfill({ status: 201, json: account('new', { state: 'untried', message: '', at: 0 }) })
    }
    return route.fulfill({ status: 422, contentType: 'application/problem+json', json: refused })
  })
  await page.getByRole('button', { name: 'Connect' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Secret key').fill('hello')
  await dialog.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(dialog.getByText('invalid API key')).toBeVisible()
  await accessible(page)
  // Another key is another question.
  await dialog.getByLabel('Secret key').fill('hello again')
  await expect(dialog.getByRole('button', { name: 'Save all the same' })).toBeHidden()
  await dialog.getByRole('button', { name: 'Save', exact: true }).click()
  await dialog.getByRole('button', { name: 'Save all the same' }).click()
  // What was refused stands until there is an answer.
  await expect(dialog.getByRole('button', { name: 'Save all the same' })).toBeDisabled()
  await expect(dialog.getByText('invalid API key')).toBeVisible()
  letGo()
  await expect(dialog).toBeHidden()
  expect(asked).toEqual(['false', 'false', 'true'])
})

test('who uses an account is asked again when a workflow changes', async ({ page }) => {
  let items = [{ workflow: 'wf1', name: 'Subscription Upgrade' }]
  await mockApi(page, {
    'GET /connectors': { items: [stripe], next: null },
    'GET /connections': { items: [account('main', { state: 'sound', message: '', at: 0 })], next: null },
    'GET /connections/main/uses': () => ({ items, next: null }),
  })
  const happens = await mockEvents(page)
  await page.goto(`${ui.url}/connectors`)
  await page.getByRole('button', { name: 'Which workflows use main' }).click()
  await expect(page.getByRole('link', { name: 'Subscription Upgrade' })).toBeVisible()
  items = [{ workflow: 'wf2', name: 'Refund' }]
  happens('workflow')
  await expect(page.getByRole('link', { name: 'Refund', exact: true })).toBeVisible()
  await expect(page.getByRole('link', { name: 'Subscription Upgrade' })).toHaveCount(0)
})

test('limits stand in a group of their own and are sent among the settings', async ({ page }) => {
  const main = { ...account('main', { state: 'sound', message: '', at: 0 }), settings: { calls_at_once: 4 } }
  const wrong = {
    __status: 422,
    type: 'about:blank',
    title: 'This does not fit the connector',
    status: 422,
    code: 'invalid_connection',
    errors: [{ pointer: '/settings/allowed_hosts/0', message: '“a b” is not a host' }],
  }
  const calls = await open(page, {
    'GET /connections': {
      items: [main, account('spare', { state: 'refused', message: 'stripe answered 401', at: 0 })],
      next: null,
    },
    'PATCH /connections/main': wrong,
  })
  await page.getByRole('button', { name: 'Edit' }).first().click()
  const limits = page.getByRole('dialog').getByRole('group', { name: 'Limits', exact: true })
  await expect(limits.getByLabel('Calls at once')).toHaveValue('4')
  await limits.getByLabel('Time limit, seconds').fill('20')
  await limits.getByRole('button', { name: 'Add' }).click()
  await limits.getByRole('textbox', { name: 'Host' }).fill('a b')
  await accessible(page)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(limits.getByText('“a b” is not a host')).toBeVisible()
  await shoot(page, 'limits')
  const sent = calls.find((call) => call.method === 'PATCH')
  expect((sent?.body as { settings: unknown }).settings).toEqual({
    calls_at_once: 4,
    timeout_seconds: 20,
    allowed_hosts: ['a b'],
  })
})
