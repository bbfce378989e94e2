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

for (const [name, viewport] of [
  ['desk', { width: 1280, height: 800 }],
  ['phone', { width: 390, height: 844 }],
] as const) {
  test.describe(name, () => {
    test.use({ viewport })

    test('accounts say how they stand, who uses them, and are tested by keyboard', async ({ page }) => {
      const calls = await open(page, {
        'GET /connections/main/uses': { items: [{ workflow: 'wf1', name: 'Subscription Upgrade' }], next: null },
        'GET /connections/spare/uses': { items: [], next: null },
        'POST /connections/main/test': account('main', { state: 'unreachable', message: 'no answer', at: Date.now() }),
      })
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
