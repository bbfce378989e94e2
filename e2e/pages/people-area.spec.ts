import { expect, test, type Page } from '@playwright/test'
import { me, NOW } from '../support/fixtures'
import { mockApi, type Answers } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const HOUR = 3_600_000
const morgan = { id: 'u1', name: 'Morgan Manager' }
const bo = { id: 'u2', name: 'Bo Builder' }
const lee = { id: 'u4', name: 'Lee Legal' }
const page = (items: object[]) => ({ items, next: null })
const people = page(
  [morgan, bo, lee].map((one) => ({ ...one, email: `${one.id}@example.com`, role: 'operator', groups: [] })),
)
const delegation = {
  id: 'd1',
  from: morgan,
  to: bo,
  starts_at: Date.now() - HOUR,
  ends_at: Date.now() + 48 * HOUR,
  away: true,
  reason: 'On leave',
  created_at: NOW,
  created_by: morgan,
}
const others = { ...delegation, id: 'd2', from: lee, to: null, reason: '', created_by: bo }
const standing = {
  id: 's1',
  workflow: { id: 'wf2', name: 'Refund' },
  step: 'ask',
  granted_by: morgan,
  granted_at: NOW,
  until: Date.now() + 48 * HOUR,
  amount_max: 5000,
  per_day: 10,
  reason: 'Small ones of the shop',
  used_today: 3,
  used: 21,
  revoked_at: null,
}
const theirs = { ...standing, id: 's2', granted_by: lee, reason: '' }
const gone = { ...standing, id: 's3', step: 'older', revoked_at: NOW }
const key = {
  id: 'a1',
  name: 'CI',
  prefix: 'cs_k3f9',
  role: 'builder',
  groups: ['release'],
  may_decide: true,
  created_by: morgan,
  created_at: NOW,
  expires_at: Date.now() + 48 * HOUR,
  last_used_at: NOW,
  key: null,
}
const plain = { ...key, id: 'a2', name: 'Nightly', may_decide: false, created_by: null, expires_at: null, groups: [] }
const refused = { __status: 500, type: 'about:blank', title: 'Broken', status: 500, code: 'x', detail: 'no database' }
const operator = { ...me, role: 'operator' }

const open = async (page: Page, path: string, changes: Answers = {}) => {
  const calls = await mockApi(page, { 'GET /people': people, ...changes })
  await page.goto(ui.url + path)
  return (method: string) => calls.filter((call) => call.method === method).map(({ path, body }) => ({ path, body }))
}
const narrow = async (page: Page) => {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect(over).toBeLessThanOrEqual(0)
}

for (const [name, viewport] of [
  ['desk', { width: 1280, height: 800 }],
  ['phone', { width: 390, height: 844 }],
] as const) {
  test.describe(name, () => {
    test.use({ viewport })

    test('stand-ins are listed, ended and arranged, by keyboard', async ({ page: tab }) => {
      const made = { ...delegation, id: 'd3' }
      const calls = await open(tab, '/people/delegations', {
        'GET /delegations': page([delegation, others]),
        'DELETE /delegations/d1': {},
        'POST /delegations': made,
      })
      const list = tab.getByRole('table', { name: 'Stand-ins' })
      await expect(list.getByRole('row')).toHaveCount(2)
      await expect(list).toContainText('On leave')
      await shoot(tab, `delegations-${name}`)
      await narrow(tab)
      await accessible(tab)
      await list.getByRole('button', { name: 'End now: Bo Builder for Morgan Manager' }).focus()
      await tab.keyboard.press('Enter')
      const ask = tab.getByRole('dialog', { name: 'End this now?' })
      await expect(ask).toContainText('From now on Bo Builder decides nothing more for Morgan Manager.')
      expect(calls('DELETE')).toEqual([])
      await ask.getByRole('button', { name: 'End now' }).focus()
      await tab.keyboard.press('Enter')
      await expect.poll(() => calls('DELETE').map((call) => call.path)).toEqual(['/delegations/d1'])

      await tab.getByRole('button', { name: 'Arrange a stand-in' }).focus()
      await tab.keyboard.press('Enter')
      const dialog = tab.getByRole('dialog', { name: 'Arrange a stand-in' })
      await dialog.getByRole('button', { name: 'Arrange it' }).click()
      await expect(dialog.getByRole('alert')).toHaveText('Say who decides, or that they are away.')
      expect(calls('POST')).toEqual([])
      await dialog.getByLabel('For', { exact: true }).selectOption('Lee Legal')
      await dialog.getByLabel('Who decides').selectOption('Bo Builder')
      await dialog.getByLabel('Until').fill('2030-01-02T10:00')
      await dialog.getByLabel('Why (optional)').fill('Conference')
      await shoot(tab, `delegation-new-${name}`)
      await accessible(tab)
      await dialog.getByLabel('Why (optional)').press('Enter')
      await expect
        .poll(() => calls('POST').map((call) => call.body))
        .toEqual([{ from: 'u4', to: 'u2', ends_at: Date.UTC(2030, 0, 2, 10), away: false, reason: 'Conference' }])
      await expect(dialog).toBeHidden()
    })

    test('roles and rights say who may do what, and are found by a word', async ({ page: tab }) => {
      const right = (operation: string, subject: string, what: string, role: string | null, also: string | null) => ({
        operation,
        method: 'POST',
        path: `/api/v1/${operation}`,
        subject,
        what,
        role,
        also,
      })
      const own = 'An approval is decided by whom it names.'
      await open(tab, '/people/rights', {
        'GET /rights': page([
          right('decide', 'checkpoints', 'Decides a checkpoint.', 'viewer', own),
          right('publish', 'versions', 'Publishes the draft.', 'builder', null),
          right('say', 'chat', 'Says something.', null, null),
        ]),
      })
      const versions = tab.getByRole('table', { name: 'Versions' })
      await expect(versions).toContainText('Publishes the draft.')
      await expect(tab.getByText(own)).toBeVisible()
      if (name === 'desk') {
        await expect(versions.getByRole('img', { name: 'Operator may not' })).toBeVisible()
        await expect(versions.getByRole('img', { name: 'Builder may', exact: true })).toBeVisible()
      } else await expect(versions).toContainText('From Builder on')
      await expect(tab.getByRole('table', { name: 'Chat' })).toContainText('Anyone with the address')
      await shoot(tab, `rights-${name}`)
      await narrow(tab)
      await accessible(tab)
      await tab.keyboard.press('/')
      await tab.keyboard.type('draft')
      await expect(tab).toHaveURL(/\?find=draft$/)
      await expect(tab.getByRole('table')).toHaveCount(1)
      await tab.keyboard.type(' of nobody')
      await expect(tab.getByText('Nothing by that name')).toBeVisible()
    })

    test('an administrator sees everybody’s stand-ins at an address of their own', async ({ page: tab }) => {
      await open(tab, '/people/delegations', { 'GET /delegations': page([delegation, others]) })
      await tab.getByRole('tab', { name: 'Mine' }).focus()
      await tab.keyboard.press('ArrowRight')
      await expect(tab).toHaveURL(/\?whose=all$/)
      await expect(tab.getByRole('table').getByRole('row')).toHaveCount(3)
      await expect(tab.getByRole('table')).toContainText('nobody: away')
    })

    test('what is allowed in advance says how far it goes, and is revoked', async ({ page: tab }) => {
      const calls = await open(tab, '/people/standing-approvals', {
        'GET /auth/me': operator,
        'GET /standing-approvals': page([standing, theirs, gone]),
        'DELETE /standing-approvals/s1': {},
      })
      const list = tab.getByRole('table', { name: 'Allowed in advance' })
      await expect(list.getByRole('row')).toHaveCount(3)
      await expect(list).toContainText('up to 5,000')
      await expect(list).toContainText('3 of 10 today')
      await expect(list).toContainText('21 in all')
      await shoot(tab, `standing-${name}`)
      await narrow(tab)
      await accessible(tab)
      // Another's is not an operator's to revoke.
      await expect(list.getByRole('button')).toHaveCount(1)
      await list.getByRole('button').focus()
      await tab.keyboard.press('Enter')
      const ask = tab.getByRole('dialog', { name: 'Revoke this at once?' })
      await ask.getByRole('button', { name: 'Revoke' }).focus()
      await tab.keyboard.press('Enter')
      await expect.poll(() => calls('DELETE').map((call) => call.path)).toEqual(['/standing-approvals/s1'])
      await tab.getByRole('tab', { name: 'Ended' }).click()
      await expect(tab).toHaveURL(/\?show=ended$/)
      await expect(list).toContainText('revoked')
      await expect(list.getByRole('button')).toHaveCount(0)
    })

    test('keys say what they may, whose they are and when they end', async ({ page: tab }) => {
      const calls = await open(tab, '/settings/keys', {
        'GET /api-keys': page([key, plain]),
        'POST /api-keys': { ...key, key: 'cs_once' },
        'DELETE /api-keys/a1': {},
      })
      const list = tab.getByRole('table', { name: 'API keys' })
      await expect(list.getByRole('row', { name: /CI/ })).toContainText('Morgan Manager')
      await expect(list.getByRole('row', { name: /CI/ })).toContainText('decides')
      await expect(list.getByRole('row', { name: /Nightly/ })).toContainText('does not decide')
      await expect(list.getByRole('row', { name: /Nightly/ })).toContainText('the installation')
      await shoot(tab, `keys-${name}`)
      await narrow(tab)
      await accessible(tab)
      await list.getByRole('button', { name: 'Revoke CI' }).focus()
      await tab.keyboard.press('Enter')
      await tab.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
      await expect.poll(() => calls('DELETE').map((call) => call.path)).toEqual(['/api-keys/a1'])
      await tab.getByRole('button', { name: 'Create a key' }).click()
      const dialog = tab.getByRole('dialog', { name: 'Create a key' })
      await dialog.getByLabel('What it is for').fill('Refunds at night')
      await dialog.getByLabel('Ends on').fill('2030-01-02T10:00')
      await dialog.getByLabel('Groups').fill('finance, legal')
      await dialog.getByLabel('May approve and decide in my name').check()
      await shoot(tab, `key-new-${name}`)
      await accessible(tab)
      await dialog.getByLabel('What it is for').press('Enter')
      await expect(tab.getByText('cs_once')).toBeVisible()
      expect(calls('POST')[0]?.body).toEqual({
        name: 'Refunds at night',
        role: 'operator',
        groups: ['finance', 'legal'],
        may_decide: true,
        expires_at: Date.UTC(2030, 0, 2, 10),
      })
    })
  })
}

test('each page says when there is nothing, and when it could not be loaded', async ({ page: tab }) => {
  const pages = [
    ['/people/delegations', '/delegations', 'Nobody stands in for you, and you for nobody'],
    ['/people/standing-approvals', '/standing-approvals', 'Nothing is allowed in advance'],
    ['/settings/keys', '/api-keys', 'No key yet'],
  ] as const
  for (const [path, read, nothing] of pages) {
    await open(tab, path, { [`GET ${read}`]: page([]) })
    await expect(tab.getByRole('heading', { name: nothing })).toBeVisible()
    await accessible(tab)
    await open(tab, path, { [`GET ${read}`]: refused })
    await expect(tab.getByRole('alert')).toContainText('no database')
    await accessible(tab)
  }
})

test('who is no administrator is told so, and sees no stand-ins of others', async ({ page: tab }) => {
  await open(tab, '/settings/keys', { 'GET /auth/me': operator })
  await expect(tab.getByRole('heading', { name: 'API keys are for administrators' })).toBeVisible()
  await expect(tab.getByRole('navigation', { name: 'Pages of this part' }).getByRole('link')).toHaveCount(2)
  await open(tab, '/people/delegations?whose=all', {
    'GET /auth/me': operator,
    'GET /delegations': page([delegation, others]),
  })
  await expect(tab.getByRole('table').getByRole('row')).toHaveCount(2)
  await expect(tab.getByRole('tab')).toHaveCount(0)
  await tab.getByRole('navigation', { name: 'Pages of this part' }).getByRole('link', { name: 'People' }).focus()
  await tab.keyboard.press('Enter')
  await expect(tab).toHaveURL(/\/people$/)
})
