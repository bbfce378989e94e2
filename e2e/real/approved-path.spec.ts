import { expect, test } from '@playwright/test'
import { account, signIn, startDemo, type Demo } from '../support/demo'
import { accessible, shoot } from '../support/shots'

let demo: Demo
test.beforeAll(async () => {
  demo = await startDemo()
})
test.afterAll(async () => demo?.close())

test('a customer upgrades after the manager approved', async ({ browser }) => {
  const phone = await browser.newPage({ viewport: { width: 390, height: 844 } })
  await phone.goto(demo.chat)
  await phone.getByRole('textbox', { name: 'Write a message…' }).fill('I want to upgrade')
  await phone.getByRole('button', { name: 'Send', exact: true }).click()
  await expect(phone.getByText('I want to upgrade')).toBeVisible()
  await phone.getByLabel(/e-?mail/i).fill('ada@example.com')
  await shoot(phone, 'real/chat-form')
  await phone.reload()
  await expect(phone.getByLabel(/e-?mail/i)).toHaveValue('ada@example.com')
  await phone
    .locator('form')
    .filter({ has: phone.getByLabel(/e-?mail/i) })
    .getByRole('button')
    .click()

  const desk = await (await browser.newContext()).newPage()
  await signIn(desk, demo.inbox, account(demo, 'manager'))
  await desk.getByRole('list', { name: 'Open items' }).getByText('$42.60').click()
  await expect(desk.getByRole('heading', { level: 1, name: /\$42\.60/ })).toBeVisible()
  await expect(desk.getByRole('heading', { name: 'On approve' })).toBeVisible()
  await shoot(desk, 'real/inbox-approval')
  await desk.getByRole('button', { name: 'Approve' }).click()
  await expect(desk.getByText(/^Approved/).first()).toBeVisible()

  await expect(phone.getByText(/enterprise/i).last()).toBeVisible()
  await shoot(phone, 'real/chat-done')

  await desk.goto(demo.runs)
  await desk.getByRole('table', { name: 'Runs' }).getByRole('link').first().click()
  const steps = desk.getByRole('list', { name: 'Steps' })
  await expect(steps.getByRole('listitem').first()).toBeVisible()
  await expect(desk.getByText('Completed').first()).toBeVisible()
  await expect(steps.getByText(/Running|Waiting|Failed/)).toHaveCount(0)
  await shoot(desk, 'real/run')
  const decided = steps
    .getByRole('listitem')
    .filter({ has: desk.getByRole('button', { name: 'Details of Manager approval required' }) })
  await decided.getByRole('button', { name: 'Details of Manager approval required' }).click()
  await decided.getByText('What the person saw').click()
  const saw = decided.getByRole('group', { name: 'What the person saw' })
  await saw.getByRole('button', { name: /^input:/ }).click()
  for (const shown of [
    '"Ada Example to Enterprise, $42.60 prorated"',
    'stripe.subscription.update',
    '"price_enterprise"',
  ])
    await expect(saw).toContainText(shown)
  await shoot(desk, 'real/run-decided-upgrade')
  await accessible(desk)
  await desk.getByRole('tab', { name: 'Graph' }).click()
  await expect(desk.locator('.react-flow__node').first()).toBeVisible()
  await shoot(desk, 'real/run-graph')
})
