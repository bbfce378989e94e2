import { expect, test, type Browser, type Locator, type Page } from '@playwright/test'
import { Counted } from '../support/counted'
import { account, signIn, startDemo, type Demo } from '../support/demo'
import { Mouse } from '../support/hands'
import { openItem } from '../support/journey'
import { accessible, shoot } from '../support/shots'
import { workflowNamed } from '../support/upgrade'

let demo: Demo
test.beforeAll(async () => {
  demo = await startDemo()
})
test.afterAll(async () => demo?.close())

test.setTimeout(600_000)

const NAME = 'Late delivery goodwill'
const ACTIONS_MAX = 45
const PHONE = { viewport: { width: 390, height: 844 }, locale: 'en-GB' }
/** One grey pixel. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=='

async function build(hands: Counted): Promise<void> {
  await hands.take('Add a trigger', 'message')
  await hands.fill('The message contains any of', 'late, delayed')

  await hands.add('Ask the customer')
  await hands.fill('What the customer reads', 'I am sorry to hear that. Which order is it?')
  await hands.press('Add a field')
  await hands.fill('Label', 'Order number')
  await hands.tick('Required')
  await hands.press('Add a field')
  await hands.fill('Label', 'Mobile number')
  await hands.take('Add a field of another type', 'Whole number')
  await hands.fill('Label', 'Days late')
  await hands.take('Add a field of another type', 'Choice')
  await hands.fill('Label', 'What happened')
  await hands.fill('Choices, separated by commas', 'Came late, Came damaged, Never came')

  await hands.take('Add a field of another type', 'Photo')
  await hands.fill('Label', 'Photo')

  // The order number that was asked for is filled in.
  await hands.addAction('Find order')

  await hands.add('If')
  await hands.tab('Rules')
  await hands.press('Rule')
  await hands.select('What', 'collect_form › Days late')
  await hands.fill('With', '3')
  await hands.press('Rule')
  await hands.select('What', 'Find order › Total › Amount, as a number')
  await hands.fill('With', '50')

  await hands.add('Approval')
  await hands.fill('One line for the card', 'Give the money back for order ')
  await hands.pick('One line for the card', /^Order number/)
  await hands.pickBy('Add a value as a fact', /^Days late/)
  await hands.pickBy('Add a value as a fact', /^Amount/)
  await hands.tick('a no')

  await hands.addAction('Refund order')
  await hands.pick(/^Order/, /^Id/)

  await hands.add('Tell')
  await hands.take('Add a channel', 'sms')
  await hands.take('Add a channel', 'email')
  await hands.press('Remove conversation')
  await hands.fill('Subject (e-mail)', 'Your refund is on its way')
  await hands.fill('Message', 'We are sorry: you get your money back.')
  await hands.pick('Phone', /^Mobile number/)
  await hands.pick('E-mail', /^E-mail/)

  await hands.open('approval')
  await hands.addOn('rejected', 'End')
  await hands.fill('Last words to the customer', 'We cannot give the money back: ')
  await hands.pick('Last words to the customer', /^Comment/)
}

async function create(page: Page): Promise<void> {
  await signIn(page, demo.runs, account(demo, 'builder'))
  await page.getByRole('link', { name: 'Workflows', exact: true }).click()
  await page.getByRole('button', { name: 'New workflow' }).click()
  await page.getByLabel('Name').fill(NAME)
  await page.getByRole('button', { name: 'Create' }).click()
  await expect(page.locator('.react-flow__node')).toHaveCount(1)
}

const panelOf = (page: Page): Locator => page.getByRole('complementary', { name: 'Rehearsal of the draft' })

async function fillForm(form: Locator, order: string, days: string): Promise<void> {
  await form.getByLabel(/^E-mail/).fill('grace@example.com')
  await form.getByLabel(/^Order number/).fill(order)
  await form.getByLabel(/^Mobile number/).fill('+15555550102')
  await form.getByLabel(/^Days late/).fill(days)
  await form.getByLabel(/^What happened/).selectOption('Came late')
}

/** The customer, the shop and the approver are played; the no has its reason. */
async function rehearse(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Rehearse' }).click()
  const panel = panelOf(page)
  await panel.getByLabel('The customer writes').fill('My parcel is late')
  await panel.getByRole('button', { name: 'Begin' }).click()
  const talk = panel.getByRole('region', { name: 'Conversation' })
  await fillForm(talk, '1002', '5')
  await talk.getByRole('button', { name: 'Send' }).click()
  await expect(panel.getByRole('heading', { name: 'shopify.order.find wants its answer' })).toBeVisible()
  await panel.getByRole('button', { name: 'Answer', exact: true }).click()
  await expect(panel.getByRole('heading', { name: 'Give the money back for order 1002' })).toBeVisible()
  await shoot(page, 'real/goodwill-rehearsed')
  await panel.getByRole('textbox', { name: 'Comment' }).fill('it came in time')
  await panel.getByRole('button', { name: 'Reject' }).click()
  await expect(talk.getByText('We cannot give the money back: it came in time')).toBeVisible()
  await panel.getByRole('button', { name: 'Close the rehearsal' }).click()
}

/** A customer on a phone; the page with their chat. */
async function complain(browser: Browser, order: string): Promise<Page> {
  const chat = await browser.newPage(PHONE)
  await chat.goto(demo.chat)
  await chat.getByRole('textbox', { name: 'Write a message…' }).fill('My parcel is late')
  await chat.getByRole('button', { name: 'Send', exact: true }).click()
  const form = chat.locator('form').filter({ has: chat.getByLabel(/^Order number/) })
  await fillForm(form, order, '5')
  const photo = { name: 'box & lid.png', mimeType: 'image/png', buffer: Buffer.from(PIXEL, 'base64') }
  await form.getByLabel(/^Photo/).setInputFiles(photo)
  await expect(form.getByText(photo.name)).toBeVisible()
  await shoot(chat, 'real/goodwill-chat')
  await form.getByRole('button', { name: 'Send' }).click()
  await expect(chat.getByText('Sent. Thank you!')).toBeVisible()
  return chat
}

/** The manager at the inbox of a phone, in front of one decision. */
async function decideOnPhone(browser: Browser, order: string, outcome: 'Approve' | 'Reject'): Promise<void> {
  const context = await browser.newContext(PHONE)
  const desk = await context.newPage()
  await signIn(desk, demo.inbox, account(demo, 'manager'))
  await openItem(desk, `order ${order}`).click()
  const heading = desk.getByRole('heading', { level: 1 }).filter({ hasText: `Give the money back for order ${order}` })
  await expect(heading).toBeVisible()
  await expect(desk.getByText('89.00').first()).toBeVisible()
  await expect(desk.getByText('Days late').first()).toBeVisible()
  await shoot(desk, `real/goodwill-decision-${outcome.toLowerCase()}`)
  await accessible(desk)
  expect(await desk.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
  if (outcome === 'Reject') await desk.getByRole('textbox', { name: 'Comment' }).fill('it came in time')
  await desk.getByRole('button', { name: outcome }).click()
  await expect(desk.getByText(outcome === 'Approve' ? /^Approved/ : /^Rejected/).first()).toBeVisible()
  await context.close()
}

test('late delivery goodwill is built without syntax, rehearsed, published, run and decided on a phone', async ({
  browser,
}) => {
  const context = await browser.newContext({ viewport: { width: 1600, height: 1000 }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.on('pageerror', (error) => console.log('pageerror:', error.message.slice(0, 800)))
  await create(page)
  const hands = new Counted(page)
  await build(hands)
  console.log(`${hands.actions.length} actions`)
  expect(hands.actions.length).toBeLessThanOrEqual(ACTIONS_MAX)
  await expect(page.getByText('Saved', { exact: true }).first()).toBeVisible()
  const made = await workflowNamed(page, NAME)
  expect(made.diagnostics.filter((one) => one.severity === 'error')).toEqual([])
  // The refund was put behind the yes, so the yes is about the refund.
  expect(made.draft.steps.approval?.guards).toEqual(['refund_order'])
  expect(made.draft.steps.condition?.branches).toMatchObject([
    { when: expect.stringContaining('$number(steps.find_order.output.total.amount) >= 50') as unknown },
  ])
  await shoot(page, 'real/goodwill-built')
  await accessible(page)

  await rehearse(page)
  await new Mouse(page).publish('Built without syntax')
  await expect(page.getByText('Version 1 is published and active.')).toBeVisible()

  const glad = await complain(browser, '1002')
  await decideOnPhone(browser, '1002', 'Approve')
  const sandbox = (path: string) => new URL(path, demo.phone).href
  const told = async (path: string) => (await page.request.get(sandbox(path))).text()
  await expect.poll(() => told('/_/mails?to=grace@example.com')).toContain('you get your money back')
  await expect.poll(() => told('/_/messages?channel=sms')).toContain('you get your money back')
  await glad.context().close()

  const sorry = await complain(browser, '1003')
  await decideOnPhone(browser, '1003', 'Reject')
  await expect(sorry.getByText('We cannot give the money back: it came in time')).toBeVisible()
  // One yes, one refund.
  const refunds = JSON.parse(await told('/_/executions?operation=shopify.refund.create')) as { executed: number }[]
  expect(refunds.map((one) => one.executed)).toEqual([1])
  await shoot(sorry, 'real/goodwill-rejected')
  await sorry.context().close()
})
