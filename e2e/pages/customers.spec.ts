import { expect, test, type Page } from '@playwright/test'
import { me } from '../support/fixtures'
import { answersOf, mockApi, type Answers } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const usual = answersOf()
const ada = (usual['GET /conversations/cv1'] as { customer: object }).customer
const known = usual['GET /customers/c1/identities'] as { identities: object[]; merges: object[] }
const guest = { ...ada, id: 'c2', name: 'A. Lovelace', email: 'lovelace@example.com', phone: '+15550199' }
const crm = { ...ada, id: 'c3', name: 'Grace', email: null, phone: null, external_id: 'crm-3' }

const merge = {
  id: 'm1',
  customer: { id: 'c2', name: 'A. Lovelace' },
  into: 'c1',
  reason: 'Gave the same order number',
  at: Date.now() - 60_000,
  by: { id: 'u1', name: 'Olga Operator' },
}
const merged = {
  ...known,
  identities: [
    ...known.identities,
    { kind: 'email', value: 'lovelace@example.com', standing: 'claimed', merged_from: 'c2' },
    { kind: 'phone', value: '+15550199', standing: 'proven', merged_from: 'c2' },
  ],
  merges: [merge],
}
const preview = {
  kept: { id: 'c1', name: 'Ada Example' },
  merged: { id: 'c2', name: 'A. Lovelace' },
  conversations: 2,
  runs: 1,
  open_runs: 1,
  open_checkpoints: 1,
  identities: [],
  differs: [{ field: 'email', kept: 'ada@example.com', merged: 'lovelace@example.com' }],
  opted_out: [{ channel: 'sms', address: '+15550199' }],
  conflict: null,
  reviewed: 'seen-1',
}
const problem = (status: number, code: string, title: string) => ({
  __status: status,
  type: 'about:blank',
  status,
  code,
  title,
})

const fits = async (page: Page) => {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect(over).toBeLessThanOrEqual(0)
}

async function open(page: Page, changes: Answers = {}) {
  await mockApi(page, {
    'GET /customers': (_: unknown, query: URLSearchParams) => {
      const text = query.get('text')?.toLowerCase() ?? ''
      const all = [ada, guest, crm] as { name: string }[]
      return { items: all.filter((one) => one.name.toLowerCase().includes(text)), next: null }
    },
    'GET /customers/c1/merge': (_: unknown, query: URLSearchParams) =>
      query.get('customer') === 'c3'
        ? { ...preview, conflict: { code: 'two_external_ids', text: 'In your own systems they are two.' } }
        : preview,
    ...changes,
  })
  await page.goto(`${ui.url}/conversations/cv1`)
}

for (const [size, viewport] of [
  ['desk', { width: 1280, height: 800 }],
  ['phone', { width: 390, height: 844 }],
] as const) {
  test.describe(size, () => {
    test.use({ viewport })

    test('two customers are made one after what follows was shown, and two again', async ({ page }) => {
      let now: object = known
      const asked: unknown[] = []
      await open(page, {
        'GET /customers/c1/identities': () => now,
        'POST /customers/c1/merge': (body: unknown) => {
          asked.push(body)
          now = merged
          return merged
        },
        'POST /customers/c1/merges/m1/undo': () => {
          now = known
          return known
        },
      })
      const list = page.getByRole('list', { name: 'Known by' })
      await expect(list.getByText('ada@example.com')).toBeVisible()
      await expect(list.getByText('a visitor of your page')).toBeVisible()
      await page.getByRole('button', { name: 'They are somebody we know' }).click()
      const dialog = page.getByRole('dialog', { name: 'Who else is Ada Example?' })
      await expect(dialog.getByRole('radio')).toHaveCount(2)
      const sure = dialog.getByRole('button', { name: 'They are one' })
      await dialog.getByLabel('How you know').fill('Gave the same order number')
      await expect(sure).toBeDisabled()

      // Who cannot be says so.
      await dialog.getByRole('radio', { name: /Grace/ }).check()
      await expect(dialog.getByText('In your own systems they are two.')).toBeVisible()
      await expect(sure).toBeDisabled()
      await dialog.getByLabel('Find a customer').fill('lovelace')
      await expect(dialog.getByRole('radio')).toHaveCount(1)
      await dialog.getByRole('radio', { name: /A. Lovelace/ }).check()
      const follows = dialog.getByRole('region', { name: 'What follows' })
      await expect(follows).toContainText('2 conversations and 1 run are read as theirs')
      await expect(follows).toContainText('+15550199 wants no messages on SMS')
      await expect(follows).toContainText('lovelace@example.com')
      await fits(page)
      await shoot(page, `customer-merge-${size}`)
      await accessible(page)
      await sure.click()
      await expect(dialog).toHaveCount(0)
      expect(asked).toEqual([{ customer: 'c2', reason: 'Gave the same order number', reviewed: 'seen-1' }])

      await expect(list.getByText('+15550199')).toBeVisible()
      await expect(page.getByText('A. Lovelace is them too')).toBeVisible()
      await page.getByRole('button', { name: 'Take back that A. Lovelace is them' }).scrollIntoViewIfNeeded()
      await fits(page)
      await shoot(page, `customer-merged-${size}`)
      await accessible(page)
      await page.getByRole('button', { name: 'Take back that A. Lovelace is them' }).press('Enter')
      await expect(page.getByText('A. Lovelace is them too')).toHaveCount(0)
      await expect(list.getByText('+15550199')).toHaveCount(0)
    })

    test('what somebody else did meanwhile is told, and the choice stays', async ({ page }) => {
      await open(page, {
        'POST /customers/c1/merge': () => problem(409, 'merged', 'One of them turned out to be another customer'),
      })
      await page.getByRole('button', { name: 'They are somebody we know' }).click()
      await page.getByRole('radio', { name: /A. Lovelace/ }).check()
      await page.getByLabel('How you know').fill('x')
      await page.getByRole('button', { name: 'They are one' }).click()
      await expect(page.getByText('One of them turned out to be another customer')).toBeVisible()
      await expect(page.getByRole('radio', { name: /A. Lovelace/ })).toBeChecked()
    })
  })
}

test('who may only look sees who they are and merges nobody', async ({ page }) => {
  await open(page, {
    'GET /auth/me': { ...me, role: 'viewer' },
    'GET /customers/c1/identities': merged,
  })
  await expect(page.getByText('A. Lovelace is them too')).toBeVisible()
  await expect(page.getByRole('button', { name: 'They are somebody we know' })).toHaveCount(0)
  await expect(page.getByRole('button', { name: /Take back/ })).toHaveCount(0)
})
