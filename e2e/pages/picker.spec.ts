import { expect, test, type Locator, type Page } from '@playwright/test'
import * as f from '../support/fixtures'
import { mockApi, type Answers } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

type Draft = Record<string, unknown> & { steps: Record<string, Record<string, unknown>> }
let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

/** What a message says, in small letters. */
const SMALL = '$lowercase(text)'

const panel = (page: Page): Locator => page.getByRole('complementary', { name: 'Settings of the step' })
const body = (page: Page): Locator => panel(page).getByRole('textbox', { name: 'Message' })

async function open(page: Page, step: string | null, changes: Answers = {}, draft: object = f.document) {
  const saved: Draft[] = []
  const workflow = (document: unknown) => ({
    id: 'wf1',
    name: 'Subscription Upgrade',
    draft: document,
    draft_revision: 12 + saved.length,
    active_version: 7,
    diagnostics: [],
  })
  await mockApi(page, {
    'GET /workflows/wf1': () => workflow(saved.at(-1) ?? draft),
    'PUT /workflows/wf1/draft': (sent: { document: Draft }) => {
      saved.push(sent.document)
      return workflow(sent.document)
    },
    'POST /check': { diagnostics: [] },
    ...changes,
  })
  await page.goto(`${ui.url}/workflows/wf1${step ? `?step=${step}` : ''}`)
  await expect(panel(page)).toBeVisible()
  return () => saved.at(-1)
}

/** The button beside a text box: the nearest one around it. */
const pick = (box: Locator): Locator =>
  box.locator('xpath=ancestor::*[@data-field][1]').getByRole('button', { name: 'Insert a value' })

test.describe('values are picked', () => {
  test.use({ viewport: { width: 1280, height: 800 } })

  test('into what a run is about', async ({ page }) => {
    const draft = await open(page, null)
    const field = panel(page).getByRole('textbox', { name: 'Case', exact: true })
    await field.fill('For ')
    await page.keyboard.press('End')
    await pick(field).click()
    await panel(page).getByPlaceholder('Find a value…').fill('customer.name')
    await page.keyboard.press('Enter')
    await expect.poll(() => draft()?.case).toBe('For {{ customer.name }}')
    await shoot(page, 'picker-case')
    await accessible(page)
  })

  test('by a click: a pill with its name and sample, in the middle of text', async ({ page }) => {
    const draft = await open(page, 'tell')
    await body(page).fill('Hello ')
    await page.keyboard.press('End')
    await pick(body(page)).click()
    const values = panel(page).getByRole('listbox', { name: 'Values' })
    await expect(values.getByText('Ask who they are')).toBeVisible()
    await shoot(page, 'picker')
    await accessible(page)
    await panel(page).getByPlaceholder('Find a value…').fill('e-mail')
    await values
      .getByRole('option', { name: /^E-mail.*text$/ })
      .first()
      .click()
    await page.keyboard.type(' – welcome')
    await expect.poll(() => draft()?.steps.tell?.body).toBe('Hello {{ steps.ask.output.email }} – welcome')
    await panel(page).getByRole('button', { name: 'Close panel' }).last().click()
    await expect(body(page).locator('.cm-pill')).toContainText('Ask who they are › E-mail')
    await shoot(page, 'picker-pill')
    await accessible(page)
    await panel(page).getByRole('button', { name: 'Show as text' }).first().click()
    await expect(body(page)).toHaveText('Hello {{ steps.ask.output.email }} – welcome')
    await panel(page).getByRole('button', { name: 'Show as text' }).first().click()
    await body(page).press('End')
    await page.keyboard.press('ControlOrMeta+End')
    for (let letters = ' – welcome'.length; letters > 0; letters -= 1) await page.keyboard.press('Backspace')
    await page.keyboard.press('Backspace')
    await expect.poll(() => draft()?.steps.tell?.body).toBe('Hello ')
  })

  test('by dragging one into another field', async ({ page }) => {
    const draft = await open(page, 'tell')
    await pick(body(page)).click()
    const subject = panel(page).getByRole('textbox', { name: 'Subject (e-mail)' })
    await panel(page)
      .getByRole('option', { name: /^Seats/ })
      .first()
      .dragTo(subject)
    await expect.poll(() => draft()?.steps.tell?.subject).toBe('{{ steps.ask.output.seats }}')
    await expect(subject.locator('.cm-pill')).toContainText('Seats')
  })

  test('by keys alone, into a condition', async ({ page }) => {
    const draft = await open(page, 'eligible')
    const when = panel(page).getByRole('textbox', { name: 'When' })
    await when.fill('')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await expect(panel(page).getByPlaceholder('Find a value…')).toBeFocused()
    await page.keyboard.type('seats')
    await page.keyboard.press('Enter')
    await page.keyboard.type(' > 5')
    await expect
      .poll(() => (draft()?.steps.eligible?.branches as { when: string }[] | undefined)?.[0]?.when)
      .toBe('steps.ask.output.seats > 5')
  })

  test('into an input of an action that is no text', async ({ page }) => {
    const input = {
      amount: { type: 'integer', title: 'Amount' },
      lines: {
        type: 'array',
        title: 'Lines',
        items: {
          type: 'object',
          required: ['line'],
          properties: { line: { type: 'string', title: 'Line' }, quantity: { type: 'integer', title: 'Quantity' } },
        },
      },
    }
    const connectors = {
      items: [
        {
          name: 'shop',
          title: 'Shop',
          settings_schema: {},
          actions: [
            {
              name: 'shop.refund',
              title: 'Refund',
              description: 'Gives money back.',
              risk: 'write',
              idempotency: { kind: 'none' },
              input: { type: 'object', properties: input },
              output: {},
            },
          ],
        },
      ],
      next: null,
    }
    const draft = await open(
      page,
      'pay',
      { 'GET /connectors': connectors },
      {
        schema: 1,
        name: 'Refund',
        start: 'pay',
        vars: { total: 12 },
        steps: {
          pay: { type: 'tool_call', title: 'Pay back', action: 'shop.refund', input: {}, next: 'done' },
          done: { type: 'end' },
        },
      },
    )
    await panel(page).getByRole('button', { name: 'Insert a value' }).first().click()
    await panel(page)
      .getByRole('option', { name: /^Total/ })
      .click()
    await panel(page).getByRole('button', { name: 'Add to Lines' }).click()
    await panel(page).getByLabel('Line * line').fill('A-1')
    await panel(page).getByLabel('Quantity quantity').fill('2')
    await expect
      .poll(() => draft()?.steps.pay?.input)
      .toEqual({ amount: '{{ total }}', lines: [{ line: 'A-1', quantity: 2 }] })
    await shoot(page, 'picker-lines')
    await accessible(page)
  })
})

for (const [name, viewport] of [
  ['wide', { width: 1280, height: 800 }],
  ['phone', { width: 390, height: 844 }],
] as const)
  test(`variables, inputs and message triggers are rows (${name})`, async ({ page }) => {
    await page.setViewportSize(viewport)
    const draft = await open(page, null)
    await expect(panel(page).getByLabel('The message contains any of')).toHaveValue('upgrade')
    await panel(page).getByLabel('The message contains any of').fill('Late, Lost')
    await panel(page).getByRole('checkbox', { name: 'WhatsApp' }).check()
    await expect
      .poll(() => draft()?.triggers)
      .toEqual([
        {
          type: 'message',
          when: `($contains(${SMALL}, 'late') or $contains(${SMALL}, 'lost')) and channel = "whatsapp"`,
        },
      ])
    await panel(page).getByRole('button', { name: 'Add a variable' }).click()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('limit')
    await page.keyboard.press('Enter')
    await panel(page).getByLabel('Type of limit').selectOption('number')
    await panel(page).getByLabel('limit starts with').fill('50')
    await expect.poll(() => draft()?.vars).toEqual({ current_plan: null, limit: 50 })
    await panel(page).getByRole('button', { name: 'Add a value' }).click()
    await panel(page).getByLabel('Label').fill('Order')
    await expect
      .poll(() => draft()?.input)
      .toEqual({ type: 'object', properties: { order: { type: 'string', title: 'Order' } } })
    await panel(page).getByLabel('The message contains any of').scrollIntoViewIfNeeded()
    await shoot(page, `rows-${name}`)
    await accessible(page)
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
  })
