import { expect, test, type Page } from '@playwright/test'
import { mockApi, type Answers } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const open = async (page: Page, changes: Answers = {}) => {
  const calls = await mockApi(page, changes)
  await page.goto(`${ui.url}/settings/notifications`)
  await expect(page.getByRole('heading', { level: 1, name: 'Notifications' })).toBeVisible()
  return () => calls.findLast((call) => call.method === 'PUT')?.body
}

for (const [name, viewport] of [
  ['desk', { width: 1280, height: 800 }],
  ['phone', { width: 390, height: 844 }],
] as const) {
  test.describe(name, () => {
    test.use({ viewport, timezoneId: 'Europe/Zurich' })

    test('a person says over what they are told, where and when not', async ({ page }) => {
      const sent = await open(page)
      await expect(page.getByRole('checkbox', { name: 'E-mail' })).toBeChecked()
      await expect(page.getByLabel('E-mail: Address')).toHaveAttribute('placeholder', 'manager@example.com')
      await page.getByRole('checkbox', { name: 'Telegram', exact: true }).check()
      await page.getByLabel('Telegram: Chat id').fill(' 4242 ')
      const missing = page.getByText('The workspace has no account for this')
      await expect(missing).toHaveCount(0)
      await page.getByRole('checkbox', { name: 'Text message' }).check()
      await expect(missing).toBeVisible()
      await page.getByRole('checkbox', { name: 'Do not tell me at night' }).check()
      await expect(page.getByLabel('Time zone')).toHaveValue('Europe/Zurich')
      await shoot(page, `notifications-${name}`)
      await accessible(page)
      const width = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(width).toBeLessThanOrEqual(0)
      // A number is needed before anything is sent.
      await page.getByRole('button', { name: 'Save' }).click()
      expect(sent()).toBeUndefined()
      await page.getByRole('checkbox', { name: 'Text message' }).uncheck()
      await page.getByRole('button', { name: 'Save' }).click()
      await expect(page.getByText('Saved. It holds')).toBeVisible()
      expect(sent()).toEqual({
        channels: [
          { channel: 'email', address: null, except: [] },
          { channel: 'telegram', address: '4242', except: [] },
        ],
        quiet_hours: { from: '22:00', to: '07:00', time_zone: 'Europe/Zurich' },
      })
    })
  })
}

test('what is told over a channel, at which times, and whether it arrives', async ({ page }) => {
  let answer: object = { sent: true, error: null }
  const sent = await open(page, { 'POST /me/notifications/test': () => answer })
  const test_ = page.getByRole('button', { name: 'E-mail: send me a test message' })
  await test_.click()
  await expect(page.getByText('Sent. Look whether it arrived.')).toBeVisible()
  answer = { sent: false, error: 'smtp: no such mailbox' }
  await test_.click()
  await expect(page.getByText('It was not taken: smtp: no such mailbox')).toBeVisible()
  await page.getByLabel('E-mail: Address').fill('other@example.com')
  await expect(test_).toBeDisabled()
  await page.getByRole('checkbox', { name: 'reminders' }).uncheck()
  await page.getByRole('checkbox', { name: 'Tell me at certain times of the day' }).check()
  await page.getByLabel('Time 1').fill('07:30')
  await page.getByRole('button', { name: 'Another time' }).click()
  await shoot(page, 'notifications-digest')
  await accessible(page)
  await page.getByRole('button', { name: 'Save' }).click()
  await expect.poll(sent).toMatchObject({
    channels: [{ channel: 'email', address: 'other@example.com', except: ['reminded'] }],
    digest: { times: ['07:30', '16:00'] },
  })
})

test('where others read too is a way of its own', async ({ page }) => {
  const kept = {
    channels: [
      { channel: 'slack', address: '#approvals', except: ['reminded'] },
      { channel: 'slack', address: 'U024BE7LH', except: [] },
    ],
    quiet_hours: null,
    digest: null,
    available: ['slack', 'telegram'],
  }
  const tested: unknown[] = []
  const sent = await open(page, {
    'GET /me/notifications': kept,
    'POST /me/notifications/test': (body: unknown) => {
      tested.push(body)
      return { sent: true, error: null }
    },
  })
  await expect(page.getByLabel('Slack: User')).toHaveValue('U024BE7LH')
  await expect(page.getByLabel('Slack channel: Channel')).toHaveValue('#approvals')
  await page.getByRole('button', { name: 'Slack channel: send me a test message' }).click()
  await expect.poll(() => tested).toEqual([{ channel: 'slack', address: '#approvals' }])
  await page.getByRole('checkbox', { name: 'Telegram group' }).check()
  await page.getByLabel('Telegram group: Chat id').fill('-1001')
  await shoot(page, 'notifications-shared')
  await accessible(page)
  await page.getByRole('button', { name: 'Save' }).click()
  await expect.poll(sent).toMatchObject({
    channels: [
      { channel: 'slack', address: '#approvals', except: ['reminded'] },
      { channel: 'slack', address: 'U024BE7LH', except: [] },
      { channel: 'telegram', address: '-1001', except: [] },
    ],
  })
})

test('what the server refuses stands where it is wrong, and nothing at all is said to be nothing', async ({ page }) => {
  await open(page, {
    'PUT /me/notifications': {
      __status: 422,
      type: 'about:blank',
      title: 'Not valid',
      detail: 'no address of sms',
      status: 422,
      code: 'invalid_request',
      pointer: '/channels/0/address',
    },
  })
  await page.getByRole('checkbox', { name: 'E-mail' }).uncheck()
  await expect(page.getByText('You are not told at all.')).toBeVisible()
  await page.getByRole('checkbox', { name: 'Text message' }).check()
  await page.getByLabel('Text message: Number').fill('12')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert').filter({ hasText: 'no address of sms' })).toBeVisible()
  await expect(page.getByLabel('Text message: Number')).toHaveAttribute('aria-invalid', 'true')
})

const wrong = (pointer: string, detail: string) => ({
  __status: 422,
  type: 'about:blank',
  title: 'Not valid',
  detail,
  status: 422,
  code: 'invalid_request',
  pointer,
})

test('what is wrong with the quiet hours stands at its own field', async ({ page }) => {
  type Sent = { quiet_hours: { from: string; to: string } }
  await open(page, {
    'PUT /me/notifications': ({ quiet_hours: { from, to } }: Sent) =>
      from === to
        ? wrong('/quiet_hours/to', 'must end at another time')
        : wrong('/quiet_hours/time_zone', 'no time zone of this name'),
  })
  await page.getByRole('checkbox', { name: 'Do not tell me at night' }).check()
  const field = (name: string) => page.getByLabel(name, { exact: true })
  await field('From').fill('22:00')
  await field('Until').fill('22:00')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(field('Until')).toHaveAccessibleDescription(/must end at another time/)
  await expect(field('Time zone')).not.toHaveAttribute('aria-invalid', 'true')
  await expect(field('From')).not.toHaveAttribute('aria-invalid', 'true')
  await field('Until').fill('07:00')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(field('Time zone')).toHaveAccessibleDescription(/no time zone of this name/)
  await expect(field('Until')).not.toHaveAttribute('aria-invalid', 'true')
})

test('what is wrong stands at what was sent, also when channels were changed since', async ({ page }) => {
  await open(page, { 'PUT /me/notifications': wrong('/channels/1/address', 'no address of telegram') })
  await page.getByRole('checkbox', { name: 'Telegram', exact: true }).check()
  await page.getByLabel('Telegram: Chat id').fill('x')
  await page.getByRole('button', { name: 'Save' }).click()
  const chat = page.getByLabel('Telegram: Chat id')
  await expect(chat).toHaveAttribute('aria-invalid', 'true')
  await page.getByRole('checkbox', { name: 'E-mail' }).uncheck()
  await expect(chat).toHaveAttribute('aria-invalid', 'true')
  // Where its field is gone, it is told below.
  await page.getByRole('checkbox', { name: 'Telegram', exact: true }).uncheck()
  await expect(page.getByRole('alert').filter({ hasText: 'no address of telegram' })).toBeVisible()
})
