import { expect, test, type Page } from '@playwright/test'
import { answersOf, mockApi, type Answers } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const HOUR = 3_600_000

const health = (change: object) => ({
  state: 'sound',
  known_as: '@shop_bot',
  succeeded_at: Date.now() - HOUR,
  error: null,
  heard_at: Date.now() - 2 * HOUR,
  incoming_error: null,
  tested_at: Date.now() - HOUR,
  ...change,
})
const channel = (name: string, change: object) => ({
  id: name,
  channel: 'telegram',
  name,
  settings: {},
  secret_names: ['token'],
  address: `https://shop.example/hooks/telegram/${name}`,
  health: health(change),
  created_at: Date.now(),
  updated_at: Date.now(),
})

const open = (page: Page, changes: Answers) => mockApi(page, changes)

for (const [size, viewport] of [
  ['desk', { width: 1280, height: 800 }],
  ['phone', { width: 390, height: 844 }],
] as const) {
  test.describe(size, () => {
    test.use({ viewport })

    const fits = async (page: Page) => {
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(over).toBeLessThanOrEqual(0)
    }

    test('what nobody answers waits in a queue until somebody says it needs no reply', async ({ page }) => {
      const usually = answersOf()
      const waits = { unanswered_since: Date.now() - HOUR }
      let answered = false
      const calls = await open(page, {
        'GET /conversations': (_: unknown, query: URLSearchParams) => {
          const { items } = usually['GET /conversations'] as { items: object[] }
          const all = items.map((one) => ({ ...one, ...(answered ? {} : waits) }))
          return { items: query.get('unanswered') === 'true' && answered ? [] : all, next: null }
        },
        'GET /conversations/counts': () => ({ unanswered: answered ? 0 : 1 }),
        'GET /conversations/cv1': () => ({
          ...(usually['GET /conversations/cv1'] as object),
          unanswered_since: answered ? null : waits.unanswered_since,
        }),
        'POST /conversations/cv1/answered': () => {
          answered = true
          return { ...(usually['GET /conversations/cv1'] as object), unanswered_since: null }
        },
      })
      await page.goto(`${ui.url}/conversations`)
      await page.getByRole('tab', { name: /Unanswered/ }).click()
      await expect(page).toHaveURL(/view=unanswered/)
      await expect(page.getByText('Unanswered since')).toBeVisible()
      await fits(page)
      await shoot(page, `unanswered-${size}`)
      await accessible(page)
      await page.getByRole('link', { name: 'Ada Example' }).click()
      await page.getByRole('button', { name: 'Needs no reply' }).click()
      await expect(page.getByText('no longer in Unanswered')).toBeVisible()
      await expect(page.getByRole('button', { name: 'Needs no reply' })).toHaveCount(0)
      await fits(page)
      await page.goto(`${ui.url}/conversations?view=unanswered`)
      await expect(page.getByText('Everybody has an answer')).toBeVisible()
      expect(calls.filter((call) => call.path === '/conversations/cv1/answered')).toHaveLength(1)
    })

    test('an account says whether it works out and in', async ({ page }) => {
      const told = {
        at: Date.now() - HOUR,
        class: 'fatal',
        code: 'token_invalid',
        message: 'Telegram error 401: Unauthorized',
      }
      const elsewhere = {
        at: Date.now(),
        class: 'fatal',
        code: 'webhook_elsewhere',
        message: 'the provider posts nowhere',
      }
      await open(page, {
        'GET /channels': {
          items: [channel('good', {}), channel('bad', { state: 'refused', error: told, heard_at: null })],
          next: null,
        },
        'POST /channels/good/test': channel('good', { incoming_error: elsewhere }),
      })
      await page.goto(`${ui.url}/connectors`)
      const list = page.getByRole('list', { name: 'Channels' })
      await expect(list.getByText('Telegram error 401: Unauthorized')).toBeVisible()
      await expect(list.getByText('https://shop.example/hooks/telegram/good')).toBeVisible()
      await list.getByRole('button', { name: 'Test good' }).focus()
      await page.keyboard.press('Enter')
      await expect(page.getByText('good: the provider posts nowhere')).toBeVisible()
      await fits(page)
      await shoot(page, `channel-health-${size}`)
      await accessible(page)
    })

    test('the words for who waits and the fallback are set for the workspace', async ({ page }) => {
      const workspace = {
        id: 'w1',
        slug: 'demo',
        name: 'Demo',
        created_at: 1,
        policy: {
          allow_unguarded: false,
          try_writes: 'admins',
          waiting_messages: { approval: 'A moment, please.', failure: 'Something went wrong.' },
          fallback_workflow: null,
        },
      }
      const calls = await open(page, { 'GET /workspace': workspace, 'PATCH /workspace': workspace })
      await page.goto(`${ui.url}/settings`)
      await page.getByLabel('While people decide').fill('Einen Moment.')
      await page.getByLabel('What no workflow wants').selectOption({ label: 'Refund' })
      await shoot(page, `while-customers-wait-${size}`)
      await page.getByRole('button', { name: 'Save' }).click()
      await expect(page.getByText('Saved.')).toBeVisible()
      const sent = calls.find((call) => call.method === 'PATCH')
      expect(sent?.body).toEqual({
        policy: {
          allow_unguarded: null,
          try_writes: null,
          waiting_messages: { approval: 'Einen Moment.', failure: 'Something went wrong.' },
          fallback_workflow: 'wf2',
        },
      })
      await fits(page)
      await accessible(page)
    })
  })
}
