import { expect, type Browser, type Locator, type Page } from '@playwright/test'
import { account, signIn, type Demo } from './demo'

export const OLD_WORDS = /Done! You are on Enterprise now/

/** A customer asks for the upgrade in the chat and says who they are; the page with their chat. */
export async function ask(browser: Browser, demo: Demo, email: string): Promise<Page> {
  const phone = await browser.newPage({ viewport: { width: 390, height: 844 } })
  await phone.goto(demo.chat)
  await phone.getByRole('textbox', { name: 'Write a message…' }).fill('I want to upgrade')
  await phone.getByRole('button', { name: 'Send', exact: true }).click()
  await phone.getByLabel(/e-?mail/i).fill(email)
  await phone
    .locator('form')
    .filter({ has: phone.getByLabel(/e-?mail/i) })
    .getByRole('button')
    .click()
  return phone
}

/** The manager at the inbox. */
export async function managerDesk(browser: Browser, demo: Demo): Promise<Page> {
  const desk = await (await browser.newContext({ locale: 'en-GB' })).newPage()
  await signIn(desk, demo.inbox, account(demo, 'manager'))
  await expect(desk.getByRole('heading', { level: 1, name: 'Inbox' })).toBeVisible()
  return desk
}

export const openItem = (desk: Page, text: string): Locator =>
  desk.getByRole('list', { name: 'Open items' }).getByRole('link').filter({ hasText: text })

export async function approve(desk: Page, summary: string): Promise<void> {
  await openItem(desk, summary).click()
  await expect(desk.getByRole('heading', { level: 1 }).filter({ hasText: summary })).toBeVisible()
  await desk.getByRole('button', { name: 'Approve' }).click()
  await expect(desk.getByText(/^Approved/).first()).toBeVisible()
}

/** A customer asks, a manager approves, and the customer is told. */
export async function runToTheEnd(browser: Browser, demo: Demo): Promise<void> {
  const phone = await ask(browser, demo, 'ada@example.com')
  const desk = await managerDesk(browser, demo)
  await approve(desk, '$42.60')
  await expect(phone.getByText(OLD_WORDS)).toBeVisible()
  await phone.context().close()
  await desk.context().close()
}
