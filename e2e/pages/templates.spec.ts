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
  asks: [
    { name: 'connection.shopify', kind: 'connection', of: 'shopify', title: null, value: null },
    { name: 'channel.email', kind: 'channel', of: 'email', title: null, value: true },
    ...approvers.map((of) => ({ name: `group.${of}`, kind: 'group', of, title: null, value: of })),
    { name: 'value.up_to', kind: 'value', of: 'up_to', title: 'Any operator may agree up to ($)', value: 50 },
  ],
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

test('a template asks for what it needs in a short form', async ({ page }) => {
  const asked: { name: string; settings: unknown }[] = []
  const connection = (name: string) => ({ id: name, connector: 'shopify', name, settings: {}, secrets_set: [] })
  await mockApi(page, {
    'GET /templates': { items, next: null },
    'GET /connections': { items: [connection('eu'), connection('us')], next: null },
    'GET /channels': { items: [], next: null },
    'POST /templates/refund/use': (body: { name: string; settings: unknown }) => {
      asked.push(body)
      return asked.length === 1
        ? {
            __status: 409,
            type: 'about:blank',
            title: 'There is one of this name',
            status: 409,
            code: 'already_exists',
          }
        : { id: 'wf1', name: body.name, draft: f.document, draft_revision: 1, active_version: null, diagnostics: [] }
    },
  })
  await page.goto(`${ui.url}/templates?template=refund`)
  await page.getByLabel('Account at shopify').selectOption('us')
  await expect(page.getByText('e-mail is not connected yet.')).toBeVisible()
  await page.getByLabel('Tell by e-mail').uncheck()
  await expect(page.getByText('e-mail is not connected yet.')).toBeHidden()
  await page.getByLabel('Who approves as manager').fill('finance')
  await expect(page.getByText('Nobody is in this group yet.')).toBeVisible()
  await page.getByLabel('Any operator may agree up to ($)').fill('20')
  await shoot(page, 'templates-asks')
  await accessible(page)
  await page.getByRole('button', { name: 'Use this template' }).click()
  await expect(page.getByText('There is one of this name')).toBeVisible()
  await page.getByLabel('Name of the workflow').fill('Mine')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/workflows\/wf1/)
  const settings = {
    'connection.shopify': 'us',
    'channel.email': false,
    'group.manager': 'finance',
    'value.up_to': 20,
  }
  expect(asked).toEqual([
    { name: 'Refund with tiers', settings },
    { name: 'Mine', settings },
  ])
})
