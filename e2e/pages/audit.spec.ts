import { expect, test, type Page } from '@playwright/test'
import { mockApi } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

test('the trail reads as sentences, and says what was before and after', async ({ page }) => {
  await mockApi(page)
  await page.goto(`${ui.url}/audit`)
  const entries = page.getByRole('list', { name: 'Audit' })
  await expect(entries).toContainText('Bo Builder published version 7 of Subscription Upgrade')
  await expect(entries).toContainText('Countersign escalated step approve')
  await entries.getByRole('button', { name: /changed the rights of Grace/ }).click()
  const changes = page.getByRole('table', { name: 'What was changed' })
  await expect(changes.getByRole('row', { name: 'role viewer operator' })).toBeVisible()
  await shoot(page, 'audit-entry')
  await accessible(page)
  await page.setViewportSize({ width: 390, height: 844 })
  await expect(entries.getByText('via portal').filter({ visible: true })).toHaveCount(1)
  await shoot(page, 'phone-audit-entry')
  await accessible(page)
})

test('filters are in the address and asked of the server', async ({ page }) => {
  const asked: string[] = []
  await mockApi(page, {
    'GET /audit': (_: unknown, query: URLSearchParams) => {
      asked.push(query.toString())
      return { items: [], next: null }
    },
  })
  await page.goto(`${ui.url}/audit?subject=workflow:wf1&after=86400000`)
  await expect(page.getByText('No entry matches')).toBeVisible()
  await page.getByRole('combobox', { name: 'What' }).selectOption('Decisions')
  await expect(page).toHaveURL(/action=checkpoint\./)
  await expect.poll(() => asked.at(-1)).toContain('action=checkpoint.')
  expect(asked.at(-1)).toContain('subject=workflow%3Awf1')
  expect(asked.at(-1)).toContain('after=86400000')
  await page.getByRole('button', { name: 'About workflow:wf1' }).click()
  await expect(page).not.toHaveURL(/subject=/)
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await expect(page).toHaveURL(/\/audit$/)
})

test('the chain is verified against a head noted elsewhere', async ({ page }) => {
  await mockApi(page, {
    'GET /audit/verify': (_: unknown, query: URLSearchParams) => ({
      entries: 3,
      ok: query.get('head') !== 'gone',
      broken_at: null,
      head: '0c1d2e3fa3f1c09b',
      head_at: query.get('head') === 'a3f1' ? 2 : null,
    }),
  })
  await page.goto(`${ui.url}/audit`)
  await page.getByRole('button', { name: 'Verify the chain' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Head noted earlier (optional)').fill(' A3F1 ')
  await dialog.getByRole('button', { name: 'Verify' }).click()
  await expect(dialog).toContainText('The head you noted is entry 2.')
  await expect(dialog).toContainText('0c1d2e3fa3f1c09b')
  await shoot(page, 'audit-verify')
  await accessible(page)
  await dialog.getByLabel('Head noted earlier (optional)').fill('gone')
  await dialog.getByRole('button', { name: 'Verify' }).click()
  await expect(dialog.getByRole('alert')).toContainText('cut off')
})

test('a day is typed by keyboard, its year digit by digit', async ({ page }) => {
  await mockApi(page)
  await page.goto(`${ui.url}/audit`)
  const from = page.getByLabel('From')
  await from.focus()
  // The same in every order of day and month.
  await page.keyboard.type('05052026')
  await expect(page).toHaveURL(new RegExp(`after=${Date.UTC(2026, 4, 5)}$`))
  await expect(from).toHaveValue('2026-05-05')
  await expect(from).toBeFocused()
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await expect(from).toHaveValue('')
})

test.describe('where clocks are changed', () => {
  test.use({ timezoneId: 'Europe/Zurich' })

  test('a day ends where the next begins, also when it has 23 or 25 hours', async ({ page }) => {
    await mockApi(page)
    await page.goto(`${ui.url}/audit`)
    for (const [day, end] of [
      ['2026-03-29', Date.UTC(2026, 2, 29, 22)],
      ['2026-10-25', Date.UTC(2026, 9, 25, 23)],
    ] as const) {
      await page.getByLabel('Until').fill(day)
      await expect(page).toHaveURL(new RegExp(`before=${end}$`))
      await page.reload()
      await expect(page.getByLabel('Until')).toHaveValue(day)
    }
  })
})

/** What is saved when the export gives these parts. */
const saved = async (page: Page, parts: (after: number) => string) => {
  await mockApi(page)
  await page.route('**/api/v1/audit/export?*', (route) => {
    const after = Number(new URL(route.request().url()).searchParams.get('after'))
    return route.fulfill({ contentType: 'application/x-ndjson', body: parts(after) })
  })
  await page.goto(`${ui.url}/audit`)
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download' }).click()
  const file = await download
  expect(file.suggestedFilename()).toBe('audit.jsonl')
  const chunks: Buffer[] = []
  for await (const chunk of await file.createReadStream()) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString().trim().split('\n')
}
const lines = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => `{"seq":${from + at}}\n`).join('')
const first = `{"public_key":"k"}\n${lines(1, 1000)}`

test('the whole trail is downloaded, part by part', async ({ page }) => {
  expect(await saved(page, (after) => (after === 0 ? first : lines(after + 1, 3)))).toHaveLength(1004)
})

test('a trail that ends with a part is downloaded whole', async ({ page }) => {
  expect(await saved(page, (after) => (after === 0 ? first : ''))).toHaveLength(1001)
})
