import { expect, type Browser } from '@playwright/test'
import { account, signIn, type Demo } from './demo'

/** A customer asks, a manager approves, and the customer is told. */
export async function runToTheEnd(browser: Browser, demo: Demo): Promise<void> {
  const phone = await browser.newPage({ viewport: { width: 390, height: 844 } })
  await phone.goto(demo.chat)
  await phone.getByRole('textbox', { name: 'Write a message…' }).fill('I want to upgrade')
  await phone.getByRole('button', { name: 'Send', exact: true }).click()
  await phone.getByLabel(/e-?mail/i).fill('ada@example.com')
  await phone.locator('form').filter({ has: phone.getByLabel(/e-?mail/i) }).getByRole('button').click()
  const desk = await (await browser.newContext()).newPage()
  await signIn(desk, demo.inbox, account(demo, 'manager'))
  await desk.getByRole('list', { name: 'Open items' }).getByText('$42.60').click()
  await desk.getByRole('button', { name: 'Approve' }).click()
  await expect(desk.getByText(/^Approved/).first()).toBeVisible()
  await expect(phone.getByText(/Done! You are on Enterprise now/)).toBeVisible()
}
