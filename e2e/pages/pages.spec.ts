import { expect, test } from '@playwright/test'
import { alreadyDecided, failedRun, me, messages, run } from '../support/fixtures'
import { mockApi } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

test.beforeEach(({ page }) => {
  page.on('console', (message) => message.type() === 'error' && console.log('console:', message.text().slice(0, 300)))
  page.on('pageerror', (error) => console.log('pageerror:', error.message.slice(0, 600)))
})

const PAGES: [name: string, path: string, wait: string][] = [
  ['login', '/login', 'Sign in'],
  ['setup', '/setup#token', 'Set up your account'],
  ['inbox', '/inbox', 'Ada Example to Enterprise'],
  ['inbox-approval', '/inbox/r1.5', 'On approve'],
  ['inbox-handoff', '/inbox/r8.4?kind=handoff', 'Return to workflow'],
  ['inbox-unknown', '/inbox/r9.6?kind=unknown_outcome', 'Did this happen?'],
  ['runs', '/runs', 'Grace Example'],
  ['run', `/runs/${run.id}`, 'Verify customer identity'],
  ['run-failed', `/runs/${failedRun.id}?visit=6`, 'insufficient_funds'],
  ['workflows', '/workflows', 'Account deletion'],
  ['workflow', '/workflows/wf1', 'Manager approval required'],
  ['versions', '/workflows/wf1/versions', 'Ask for approval before every upgrade'],
  ['conversations', '/conversations', 'A colleague has a quick look'],
  ['conversation', '/conversations/cv1', 'I want to upgrade'],
  ['connectors', '/connectors', 'Slack'],
  ['people', '/people', 'Bo Builder'],
  ['audit', '/audit', 'published version 7'],
  ['settings', '/settings', 'Appearance'],
  ['not-found', '/nowhere', 'Nothing at this address'],
]

for (const [name, path, wait] of PAGES) {
  test(name, async ({ page }) => {
    await mockApi(page)
    await page.goto(ui.url + path)
    await expect(page.getByText(wait).first()).toBeVisible()
    await shoot(page, name)
    await accessible(page)
  })
}

test('who is not signed in comes back to where they wanted to go', async ({ page }) => {
  let signedIn = false
  await mockApi(page, {
    'GET /auth/me': () =>
      signedIn
        ? me
        : { __status: 401, type: 'about:blank', title: 'Sign in first', status: 401, code: 'unauthenticated' },
    'POST /auth/login': () => {
      signedIn = true
      return me
    },
  })
  await page.goto(`${ui.url}/runs?status=failed`)
  await page.getByLabel('E-mail').fill('manager@example.com')
  await page.getByLabel('Password').fill('secret-secret')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page).toHaveURL(/\/runs\?status=failed$/)
  await expect(page.getByRole('table', { name: 'Runs' })).toBeVisible()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
})

test('an operator takes a conversation, writes a note, answers by keyboard and closes it', async ({ page }) => {
  const sent: [string, unknown][] = []
  const note = (what: string) => (body: unknown) => {
    sent.push([what, body])
    return {}
  }
  await mockApi(page, {
    'POST /conversations/cv1/assign': note('assign'),
    'POST /conversations/cv1/notes': note('note'),
    'POST /conversations/cv1/messages': note('message'),
    'POST /conversations/cv1/close': note('close'),
  })
  await page.goto(`${ui.url}/conversations/cv1`)
  await expect(page.getByText('Prefers the morning.')).toBeVisible()
  await page.getByRole('button', { name: 'Give it to me' }).click()
  await expect.poll(() => sent).toContainEqual(['assign', { assigned_to: me.user.id }])
  await page.getByLabel('Note for colleagues').fill('Called back.')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await expect.poll(() => sent).toContainEqual(['note', { body: 'Called back.' }])
  await page.getByLabel('Reply to the customer').fill('Hello')
  await page.keyboard.press('Control+Enter')
  await expect.poll(() => sent.map(([what]) => what)).toContain('message')
  await page.getByRole('button', { name: 'Close', exact: true }).click()
  await expect.poll(() => sent.map(([what]) => what)).toContain('close')
})

test('an operator reads what a customer wants to get and writes down that they want no more', async ({ page }) => {
  const sent: unknown[] = []
  await mockApi(page, {
    'POST /conversations/cv1/consent': (body: unknown) => {
      sent.push(body)
      return {}
    },
  })
  await page.goto(`${ui.url}/conversations/cv1`)
  const wishes = page.getByRole('list', { name: 'What the customer wants to get' })
  await expect(wishes.getByRole('listitem').first()).toContainText('Does not want messages on SMS since')
  await expect(wishes.getByRole('listitem').first()).toContainText('They wrote so')
  await wishes.getByRole('button', { name: 'No more messages on e-mail' }).click()
  const dialog = page.getByRole('dialog', { name: 'No more messages on e-mail' })
  await dialog.getByLabel('How they said so').fill('Asked for it on the telephone')
  await shoot(page, 'consent')
  await accessible(page)
  await dialog.getByRole('button', { name: 'Write it down' }).click()
  const wish = { channel: 'email', opted_out: true, reason: 'Asked for it on the telephone' }
  await expect.poll(() => sent).toEqual([wish])
})

test('run graph', async ({ page }) => {
  await mockApi(page)
  await page.goto(`${ui.url}/runs/${run.id}?tab=graph`)
  await expect(page.locator('.react-flow__node')).toHaveCount(13)
  await page.waitForTimeout(300)
  await shoot(page, 'run-graph')
  await accessible(page)
})

test('palette and shortcuts', async ({ page }) => {
  await mockApi(page)
  await page.goto(`${ui.url}/inbox`)
  await expect(page.getByText('Ada Example to Enterprise').first()).toBeVisible()
  await page.keyboard.press('Control+k')
  await expect(page.getByPlaceholder('Type a command')).toBeVisible()
  await shoot(page, 'palette')
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await expect(page.getByRole('heading', { name: 'Keyboard shortcuts' })).toBeVisible()
  await shoot(page, 'shortcuts')
  await page.keyboard.press('Escape')
  await page.keyboard.press('j')
  await expect(page.getByRole('heading', { level: 1, name: /Refund|Ada/ })).toBeVisible()
  await page.keyboard.press('g')
  await page.keyboard.press('r')
  await expect(page).toHaveURL(/\/runs$/)
})

test('a lost race says who was faster', async ({ page }) => {
  const calls = await mockApi(page, {
    'POST /checkpoints/r1.5/decision': { __status: 409, ...alreadyDecided },
  })
  await page.goto(`${ui.url}/inbox/r1.5`)
  await page.getByRole('textbox', { name: 'Comment' }).fill('fine')
  await page.getByRole('button', { name: 'Approve' }).click()
  await expect(page.getByText(/Already decided: rejected by Bo Builder/).first()).toBeVisible()
  expect(calls.find((call) => call.method === 'POST')?.body).toEqual({ outcome: 'approved', comment: 'fine' })
})

test.describe('phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })

  test('inbox, run and chat', async ({ page }) => {
    const open = messages
      .slice(0, 2)
      .map((message) =>
        message.form ? { ...message, form: { ...message.form, status: 'open', values: undefined } } : message,
      )
    let sent = false
    await mockApi(page, {
      'GET /chat/conversations/cv1': () => ({ messages: sent ? messages : open, status: 'open', working: sent }),
      'POST /chat/conversations/cv1/messages': messages[0],
      'POST /chat/conversations/cv1/forms/r1.1': () => {
        sent = true
        return {}
      },
    })
    await page.goto(`${ui.url}/inbox`)
    await expect(page.getByText('Ada Example to Enterprise')).toBeVisible()
    await shoot(page, 'phone-inbox')
    await page.getByText('Ada Example to Enterprise').click()
    await expect(page.getByText('On approve')).toBeVisible()
    // What it is about and the answers are there without scrolling, large enough for a thumb.
    await expect(page.getByRole('heading', { level: 1 })).toBeInViewport()
    for (const name of ['Approve', 'Reject']) {
      const button = page.getByRole('button', { name, exact: true })
      await expect(button).toBeInViewport({ ratio: 1 })
      expect((await button.boundingBox())?.height).toBeGreaterThanOrEqual(44)
    }
    await shoot(page, 'phone-approval')
    await page.goto(`${ui.url}/runs`)
    await expect(page.getByText('The card was declined.').first()).toBeVisible()
    await shoot(page, 'phone-runs')
    await page.goto(`${ui.url}/runs/${run.id}`)
    await expect(page.getByText('Verify customer identity')).toBeVisible()
    await shoot(page, 'phone-run')

    await page.goto(`${ui.url}/c/demo`)
    await expect(page.getByText('How can we help?')).toBeVisible()
    await shoot(page, 'chat-empty')
    await page.getByRole('textbox').fill('I want to upgrade')
    await page.getByRole('button', { name: 'Send' }).click()
    await expect(page.getByLabel('E-mail')).toBeVisible()
    await page.getByRole('button', { name: 'Continue' }).click()
    await expect(page.getByText('Please fill this in.')).toBeVisible()
    await page.getByLabel('E-mail').fill('ada@example.com')
    await shoot(page, 'chat-form')
    await accessible(page)
    await page.reload()
    await expect(page.getByLabel('E-mail')).toHaveValue('ada@example.com')
    await page.getByRole('button', { name: 'Continue' }).click()
    await expect(page.getByText('Thank you. A colleague')).toBeVisible()
    await expect(page.getByText('Working on it…')).toBeVisible()
    await shoot(page, 'chat-done')
  })
})
