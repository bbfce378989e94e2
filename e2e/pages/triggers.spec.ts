import { expect, test, type Page } from '@playwright/test'
import * as f from '../support/fixtures'
import { mockApi, type Answers } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

type Trigger = Record<string, unknown>
let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const panel = (page: Page) => page.getByRole('complementary', { name: 'Settings of the step' })
const trigger = (page: Page, name: string) => panel(page).getByRole('group', { name, exact: true })

/** Opens the workflow's own settings with these triggers; gives the triggers as they were last saved. */
async function open(page: Page, triggers: Trigger[], changes: Answers = {}, diagnostics: object[] = []) {
  const saved: { triggers: Trigger[] }[] = []
  const workflow = (draft: object) => ({
    id: 'wf1',
    name: 'Subscription Upgrade',
    draft,
    draft_revision: 12 + saved.length,
    active_version: 7,
    diagnostics,
  })
  await mockApi(page, {
    'GET /workflows/wf1': () => workflow(saved.at(-1) ?? { ...f.document, triggers }),
    'PUT /workflows/wf1/draft': (body: { document: { triggers: Trigger[] } }) => {
      saved.push(body.document)
      return workflow(body.document)
    },
    'POST /check': { diagnostics },
    'POST /schedules/preview': { times: [] },
    ...changes,
  })
  await page.goto(`${ui.url}/workflows/wf1`)
  await expect(panel(page).getByLabel('Description')).toBeVisible()
  return () => saved.at(-1)?.triggers
}

for (const [name, viewport] of [
  ['wide', { width: 1280, height: 800 }],
  ['phone', { width: 390, height: 844 }],
] as const)
  test.describe(name, () => {
    test.use({ viewport })

    test('a webhook says which calls count, which are the same and when they are answered', async ({ page }) => {
      const saved = await open(page, [{ type: 'webhook', path: 'orders' }])
      const hook = trigger(page, 'Trigger 1: webhook')
      await expect(hook.getByLabel('Wait for the end at most')).toHaveCount(0)
      await hook.getByRole('textbox', { name: 'Only calls for which this holds' }).fill('body.action = "opened"')
      await hook.getByLabel('How calls are verified').selectOption('As GitHub signs')
      await hook.getByLabel('Which calls are the same').selectOption('Same header x-github-delivery')
      await hook.getByLabel('When it is answered').selectOption('At the end, with the run’s output')
      await hook.getByLabel('Wait for the end at most').fill('20s')
      await expect(hook.getByText('20 seconds')).toBeVisible()
      const written = {
        type: 'webhook',
        path: 'orders',
        verify: 'github',
        filter: 'body.action = "opened"',
        dedup: 'headers."x-github-delivery"',
        respond: 'end',
        respond_within: '20s',
      }
      await expect.poll(saved).toEqual([written])
      await hook.getByRole('tab', { name: 'Rules' }).click()
      await expect(hook.getByLabel('Comparison')).toHaveValue('=')
      await hook.getByLabel('When it is answered').scrollIntoViewIfNeeded()
      await shoot(page, `trigger-webhook-${name}`)
      await accessible(page)
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)

      await hook.getByLabel('Which calls are the same').selectOption('Same header, another one…')
      await hook.getByLabel('Header', { exact: true }).fill('X-Event-Id')
      await expect.poll(() => saved()?.[0]?.dedup).toBe('headers."x-event-id"')
      await hook.getByLabel('Header', { exact: true }).fill('two words')
      await expect(hook.getByText('A header has letters, digits and dashes.')).toBeVisible()
      await hook.getByLabel('Which calls are the same').selectOption('Same value of an expression')
      await hook.getByRole('textbox', { name: 'Value that the same calls share' }).fill('body.event_id')
      await expect.poll(() => saved()?.[0]?.dedup).toBe('body.event_id')
      await hook.getByLabel('Which calls are the same').selectOption('None: each call counts')
      await hook.getByLabel('When it is answered').selectOption('At once, when the call is kept')
      await expect
        .poll(saved)
        .toEqual([{ type: 'webhook', path: 'orders', verify: 'github', filter: 'body.action = "opened"' }])
    })

    test('a webhook is added, set up and taken away by keyboard', async ({ page }) => {
      const saved = await open(page, [])
      await panel(page).getByRole('button', { name: 'Add a trigger' }).focus()
      await page.keyboard.press('Enter')
      await expect(page.getByRole('menuitem').first()).toBeFocused()
      await page.keyboard.press('w')
      await expect(page.getByRole('menuitem', { name: 'webhook' })).toBeFocused()
      await page.keyboard.press('Enter')
      const hook = trigger(page, 'Trigger 1: webhook')
      const verified = hook.getByLabel('How calls are verified')
      await hook.getByRole('button', { name: 'Remove webhook' }).focus()
      for (let tab = 0; tab < 3 && !(await verified.evaluate((it) => it === document.activeElement)); tab++)
        await page.keyboard.press('Tab')
      await expect(verified).toBeFocused()
      await page.keyboard.press('ArrowDown')
      await expect.poll(() => saved()?.[0]?.verify).toBe('shared_secret')
      await hook.getByRole('button', { name: 'Remove webhook' }).press('Enter')
      await expect.poll(saved).toEqual([])
    })

    test('a schedule says when it fires next and what becomes of other times', async ({ page }) => {
      const asked: unknown[] = []
      const saved = await open(page, [{ type: 'schedule', cron: '0 9 * * MON', time_zone: 'Europe/Berlin' }], {
        'POST /schedules/preview': (body: { cron: string }) => {
          asked.push(body)
          const nine = Date.UTC(2026, 10, 30, 8)
          return { times: body.cron === '0 9 * * *' ? [nine, nine + 86_400_000] : [nine] }
        },
      })
      const clock = trigger(page, 'Trigger 1: schedule')
      await expect(clock.getByText('Next: Mon 30 Nov, 09:00', { exact: true })).toBeVisible()
      await clock.getByLabel('Times (cron)').fill('0 9 * * *')
      await expect(clock.getByText('Next: Mon 30 Nov, 09:00 · Tue 1 Dec, 09:00', { exact: true })).toBeVisible()
      expect(asked.at(-1)).toEqual({ cron: '0 9 * * *', time_zone: 'Europe/Berlin' })
      await clock.getByLabel('Times missed while nothing ran').selectOption('Start nothing')
      await clock.getByLabel('When its last run still goes on').selectOption('Start when that is over')
      await clock.getByLabel('What the run is started with (JSON)').fill('{"report": "daily"}')
      await clock.getByLabel('Name of the trigger').fill('nightly')
      await expect.poll(saved).toEqual([
        {
          type: 'schedule',
          cron: '0 9 * * *',
          time_zone: 'Europe/Berlin',
          missed: 'skip',
          overlap: 'queue',
          input: { report: 'daily' },
          id: 'nightly',
        },
      ])
      await clock.getByLabel('Times (cron)').scrollIntoViewIfNeeded()
      await shoot(page, `trigger-schedule-${name}`)
      await accessible(page)
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
    })

    test('what the check says of a trigger stands at its field', async ({ page }) => {
      const at = (pointer: string, message: string) => ({
        code: 'any',
        severity: 'error',
        pointer,
        message,
        help: null,
      })
      const triggers = [
        { type: 'message', when: "first and channel = 'web'" },
        { type: 'webhook', path: 'a/b', respond: 'end', respond_within: '2h' },
        { type: 'schedule', cron: '0 25 * * *', time_zone: 'Mars' },
        { type: 'api' },
      ]
      await open(page, triggers, {}, [
        at('/triggers/0/when', 'it never starts a run'),
        at('/triggers/1/path', 'it cannot be part of an address'),
        at('/triggers/1/respond_within', 'a caller waits for 1 to 60 seconds'),
        at('/triggers/2/time_zone', 'no time zone is called so'),
        at('/triggers/3', 'this trigger is there twice'),
      ])
      const told = (number: number, type: string, label: string) =>
        expect(trigger(page, `Trigger ${number}: ${type}`).getByLabel(label, { exact: true }))
      await told(2, 'webhook', 'Name of the trigger').toHaveAccessibleDescription('it cannot be part of an address.')
      await told(2, 'webhook', 'Wait for the end at most').toHaveAccessibleDescription(
        'a caller waits for 1 to 60 seconds.',
      )
      await told(3, 'schedule', 'Time zone').toHaveAccessibleDescription('no time zone is called so.')
      await expect(trigger(page, 'Trigger 4: api').getByRole('alert')).toHaveText('this trigger is there twice.')
      const message = trigger(page, 'Trigger 1: message')
      await expect(message.getByRole('alert')).toHaveText('it never starts a run.')
      await expect(message.getByRole('checkbox', { name: 'Web chat' })).toBeChecked()
      await expect(message.getByRole('checkbox', { name: 'Only the first message' })).toBeChecked()
      await message.getByRole('alert').scrollIntoViewIfNeeded()
      await shoot(page, `trigger-problems-${name}`)
      await accessible(page)
    })

    test('a message trigger is choices where they say all of it, else its text', async ({ page }) => {
      const vip = "customer.tier = 'gold' and first"
      const saved = await open(page, [
        { type: 'message', when: 'true' },
        { type: 'message', when: vip },
      ])
      const first = trigger(page, 'Trigger 1: message')
      await first.getByLabel('The message contains any of').fill('late, lost')
      await first.getByRole('checkbox', { name: 'Web chat' }).check()
      await first.getByRole('checkbox', { name: 'Only the first message' }).check()
      const small = '$lowercase(text)'
      await expect.poll(saved).toEqual([
        {
          type: 'message',
          when: `($contains(${small}, 'late') or $contains(${small}, 'lost')) and channel = "web" and first`,
        },
        { type: 'message', when: vip },
      ])
      const second = trigger(page, 'Trigger 2: message')
      await expect(second.getByRole('textbox', { name: 'When' })).toContainText("customer.tier = 'gold' and")
      await second.getByRole('tab', { name: 'Words' }).click()
      await expect(second.getByText('This condition says more than')).toBeVisible()
      await first.getByLabel('The message contains any of').scrollIntoViewIfNeeded()
      await shoot(page, `trigger-message-${name}`)
      await accessible(page)
    })
  })
