import { expect, test } from '@playwright/test'
import { mockApi } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const NOW = Date.now()
const person = (id: string, name: string, groups: string[], more = {}) => ({
  id,
  name,
  email: `${id}@example.com`,
  role: 'operator',
  groups,
  disabled: false,
  pending: false,
  setup_url: null,
  ...more,
})
const away = {
  id: 'd1',
  from: { id: 'grace', name: 'Grace' },
  to: { id: 'lin', name: 'Lin' },
  starts_at: NOW - 1e6,
  ends_at: NOW + 1e9,
  away: true,
  reason: '',
  created_at: NOW,
  created_by: { id: 'grace', name: 'Grace' },
}

for (const [name, viewport] of [
  ['desk', { width: 1280, height: 800 }],
  ['phone', { width: 390, height: 844 }],
] as const)
  test(`groups have members, and say who can decide, ${name}`, async ({ page }) => {
    await page.setViewportSize(viewport)
    let people = [
      person('grace', 'Grace', ['manager']),
      person('lin', 'Lin', ['finance', 'manager']),
      person('new', 'New', ['legal'], { pending: true }),
    ]
    const change = (id: string) => (body: { groups: string[] }) => {
      people = people.map((one) => (one.id === id ? { ...one, groups: body.groups } : one))
      return people.find((one) => one.id === id)
    }
    await mockApi(page, {
      'GET /people': () => ({ items: people, next: null }),
      'GET /delegations': { items: [away], next: null },
      ...Object.fromEntries(people.map(({ id }) => [`PATCH /people/${id}`, change(id)])),
    })
    await page.goto(`${ui.url}/people/groups`)
    const group = (title: string) => page.getByRole('region', { name: title, exact: true })
    await expect(group('manager').getByRole('listitem')).toHaveText([/^Grace.*away until .*Lin decides/, /^Lin/])
    await expect(group('manager')).toContainText('1 can decide now')
    await expect(group('legal')).toContainText('Nobody in it can decide now.')
    await shoot(page, `groups-${name}`)
    await accessible(page)
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)

    await group('legal').getByRole('button', { name: 'Add somebody to legal' }).click()
    await page.getByRole('dialog').getByLabel('Person').selectOption('lin')
    await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click()
    await expect(group('legal').getByRole('listitem')).toHaveCount(2)
    await expect(group('legal')).toContainText('1 can decide now')

    await page.getByRole('button', { name: 'New group' }).click()
    await page.getByLabel('Name of the group').fill('Risk')
    await page.keyboard.press('Enter')
    await expect(group('risk').getByRole('listitem')).toHaveText([/^Grace/])
    await group('risk').getByRole('button', { name: 'Take Grace out of risk' }).click()
    await expect(group('risk')).toBeHidden()
    expect(people[0]?.groups).toEqual(['manager'])
  })

test('an invitation goes by e-mail where there is an account, and says what came of it', async ({ page }) => {
  const asked: unknown[] = []
  let mail = { sent: true, error: null as string | null }
  await mockApi(page, {
    'GET /channels': {
      items: [{ id: 'c1', channel: 'email', name: 'Mail', settings: {}, secrets_set: [] }],
      next: null,
    },
    'GET /people': { items: [person('new', 'New', [], { pending: true })], next: null },
    'GET /delegations': { items: [], next: null },
    'POST /people': (body: { email: string }) => {
      asked.push(body)
      return { ...person('ada', 'Ada', []), email: body.email, setup_url: '/setup#token', mail }
    },
    'POST /people/new/invite': (_: unknown, query: URLSearchParams) => {
      asked.push(query.get('mail'))
      return { ...person('new', 'New', []), setup_url: '/setup#token', mail }
    },
  })
  await page.goto(`${ui.url}/people`)
  await page.getByRole('button', { name: 'Add a person' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByLabel('Send the invitation by e-mail')).toBeChecked()
  await dialog.getByLabel('Name').fill('Ada')
  await dialog.getByLabel('E-mail', { exact: true }).fill('ada@example.com')
  await dialog.getByRole('button', { name: 'Add' }).click()
  await expect(page.getByRole('dialog')).toContainText('on its way to ada@example.com')
  expect(asked).toMatchObject([{ email: 'ada@example.com', mail: true }])
  await shoot(page, 'people-invited')
  await accessible(page)
  await page.keyboard.press('Escape')
  mail = { sent: false, error: 'refused: mailbox full' }
  await page.getByRole('button', { name: 'New link' }).click()
  await expect(page.getByRole('dialog')).toContainText('The mail was not sent: refused: mailbox full')
  expect(asked[1]).toBe('true')
})
