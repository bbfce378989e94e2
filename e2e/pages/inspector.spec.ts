import { expect, test, type Locator, type Page } from '@playwright/test'
import * as f from '../support/fixtures'
import { mockApi, type Answers } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

type Draft = { steps: Record<string, Record<string, unknown>> }
let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const panel = (page: Page): Locator => page.getByRole('complementary', { name: 'Settings of the step' })

const older = f.runs[1] as (typeof f.runs)[0]

/** Opens one step in the builder; gives what was last saved of it. */
async function open(page: Page, step: string, changes: Answers = {}, draft: object = f.document) {
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
    'PUT /workflows/wf1/draft': (body: { document: Draft }) => {
      saved.push(body.document)
      return workflow(body.document)
    },
    'POST /check': { diagnostics: [] },
    ...changes,
  })
  await page.goto(`${ui.url}/workflows/wf1?step=${step}`)
  await expect(panel(page).getByLabel('Title')).toBeVisible()
  return () => saved.at(-1)?.steps[step]
}

test('a message over WhatsApp has a template for later', async ({ page }) => {
  const steps = f.document.steps as Record<string, Record<string, unknown>>
  const [id, told] = Object.entries(steps).find(([, step]) => step.type === 'notify') ?? ['', {}]
  const draft = {
    ...f.document,
    steps: { ...steps, [id]: { ...told, channels: ['whatsapp', 'sms'], delivery: 'first' } },
  }
  const step = await open(page, id, {}, draft)
  await panel(page).getByRole('button', { name: 'Add a WhatsApp template' }).click()
  await panel(page).getByLabel('Name of the template').fill('parcel_update')
  await panel(page).getByRole('button', { name: 'Add a parameter' }).click()
  await panel(page).getByRole('textbox', { name: 'Parameter 1' }).fill('{{ customer.name }}')
  const template = { name: 'parcel_update', language: 'en_US', parameters: ['{{ customer.name }}'] }
  await expect.poll(() => step()?.template).toEqual(template)
  await accessible(page)
  await shoot(page, 'notify-template')
  await panel(page).getByRole('button', { name: 'Remove the template' }).click()
  await expect.poll(() => step()?.template).toBeUndefined()
})

test.describe('inputs of an action', () => {
  const input = {
    note: { type: 'string', title: 'Note' },
    amount: { type: 'integer', title: 'Amount' },
    notify: { type: 'boolean', title: 'Notify' },
    reason: { type: 'string', title: 'Reason', enum: ['duplicate', 'fraud'] },
    address: {
      type: 'object',
      title: 'Address',
      properties: {
        city: { type: 'string', title: 'City' },
        floor: { type: 'number', title: 'Floor' },
        geo: { type: 'object', title: 'Geo', properties: { lat: { type: 'number' } } },
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
            risk: 'high',
            idempotency: { kind: 'none' },
            input: { type: 'object', properties: input, required: ['amount'] },
            output: {},
          },
        ],
      },
    ],
    next: null,
  }
  const draft = (given: object = {}) => ({
    schema: 1,
    name: 'Refund',
    start: 'pay',
    steps: {
      pay: { type: 'tool_call', title: 'Pay back', action: 'shop.refund', input: given, next: 'done' },
      done: { type: 'end' },
    },
  })
  const toggle = (page: Page, title: string) => page.getByRole('switch', { name: `${title}: value or expression` })

  test('are written as values of their type', async ({ page }) => {
    const step = await open(page, 'pay', { 'GET /connectors': connectors }, draft())
    await panel(page).getByLabel('Note note').fill('Sorry')
    await panel(page).getByLabel('Amount * amount').fill('4260')
    await panel(page).getByLabel('Notify notify').selectOption('no')
    await panel(page).getByLabel('Reason reason').selectOption('fraud')
    await panel(page).getByRole('group', { name: 'Address address' }).getByLabel('City city').fill('Ulm')
    await panel(page).getByLabel('Floor floor').fill('2.5')
    await panel(page).getByLabel('Geo geo').fill('{"lat": 48.4}')
    await expect
      .poll(() => step()?.input)
      .toEqual({
        note: 'Sorry',
        amount: 4260,
        notify: false,
        reason: 'fraud',
        address: { city: 'Ulm', floor: 2.5, geo: { lat: 48.4 } },
      })
    await panel(page).getByLabel('Note note').scrollIntoViewIfNeeded()
    await shoot(page, 'inspector-inputs')
    await accessible(page)
    await panel(page).getByLabel('Amount * amount').fill('')
    await panel(page).getByLabel('Floor floor').fill('')
    await panel(page).getByLabel('City city').fill('')
    await panel(page).getByLabel('Geo geo').fill('')
    await expect.poll(() => step()?.input).toEqual({ note: 'Sorry', notify: false, reason: 'fraud' })
  })

  test('can each be computed by an expression instead', async ({ page }) => {
    const step = await open(
      page,
      'pay',
      { 'GET /connectors': connectors },
      draft({ amount: 5, reason: 'fraud', notify: true }),
    )
    await toggle(page, 'Amount').click()
    await expect(panel(page).getByRole('textbox', { name: 'Amount * amount' })).toHaveText('{{ 5 }}')
    await toggle(page, 'Reason').click()
    await expect(panel(page).getByRole('textbox', { name: 'Reason reason' })).toHaveText('{{ "fraud" }}')
    await panel(page).getByRole('textbox', { name: 'Reason reason' }).fill('{{ trigger.reason }}')
    await toggle(page, 'Notify').click()
    await panel(page).getByRole('textbox', { name: 'Notify notify' }).fill('{{ amount > 5 }}')
    await toggle(page, 'Address').click()
    await panel(page).getByRole('textbox', { name: 'Address address' }).fill('{{ customer.address }}')
    await expect
      .poll(() => step()?.input)
      .toEqual({
        amount: '{{ 5 }}',
        reason: '{{ trigger.reason }}',
        notify: '{{ amount > 5 }}',
        address: '{{ customer.address }}',
      })
    await panel(page).getByRole('textbox', { name: 'Amount * amount' }).scrollIntoViewIfNeeded()
    await shoot(page, 'inspector-expressions')
    await accessible(page)
    // A value that fits is kept; an expression is gone, said so, and comes back by undo.
    await toggle(page, 'Amount').click()
    await expect(panel(page).getByLabel('Amount * amount')).toHaveValue('5')
    await toggle(page, 'Reason').click()
    await expect(panel(page).getByRole('combobox', { name: 'Reason reason' })).toHaveValue('')
    await expect(
      page.getByRole('status').getByText('Reason: the expression was taken out. Undo brings it back.'),
    ).toBeVisible()
    await expect
      .poll(() => step()?.input)
      .toEqual({ amount: 5, notify: '{{ amount > 5 }}', address: '{{ customer.address }}' })
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect(panel(page).getByRole('textbox', { name: 'Reason reason' })).toHaveText('{{ trigger.reason }}')
    await expect(toggle(page, 'Reason')).toBeChecked()
  })

  test('are all shown, those no field is for as JSON', async ({ page }) => {
    const whole = panel(page).getByRole('textbox', { name: 'Whole input (JSON)' })
    await open(
      page,
      'pay',
      { 'GET /connectors': connectors },
      draft({ amount: 'many', address: { city: 'Ulm', street: 'Hirschstraße' } }),
    )
    await expect(whole).toContainText('Hirschstraße')
    await expect(panel(page).getByLabel('City city')).toHaveValue('Ulm')
    // What a number field cannot show is shown as it is.
    await expect(panel(page).getByRole('textbox', { name: 'Amount * amount' })).toHaveText('many')
    await whole.fill('{"address": {"city": "Ulm"}}')
    await expect(whole).toBeHidden()
  })

  test('an expression typed into a text goes on without a break', async ({ page }) => {
    const step = await open(page, 'pay', { 'GET /connectors': connectors }, draft())
    await panel(page).getByLabel('Note note').click()
    await page.keyboard.type('Hi {{ customer.name }}!')
    await expect.poll(() => step()?.input).toEqual({ note: 'Hi {{ customer.name }}!' })
    await expect(toggle(page, 'Note')).toBeChecked()
    await expect(panel(page).getByRole('textbox', { name: 'Note note' })).toBeFocused()
    // What is half written, or nothing yet, stays an expression while it is written.
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.press('Delete')
    await expect(toggle(page, 'Note')).toBeChecked()
    await page.keyboard.type('Bye')
    await expect.poll(() => step()?.input).toEqual({ note: 'Bye' })
    // A brace begins an expression in a number and in a choice too, where it could not be written.
    await panel(page).getByLabel('Amount * amount').click()
    await page.keyboard.type('{{ amount }}')
    await panel(page).getByLabel('Reason reason').focus()
    await page.keyboard.type('{{ why }}')
    await panel(page).getByLabel('Floor floor').click()
    await page.keyboard.insertText('{{ $floor(level / 1000) }}')
    await expect
      .poll(() => step()?.input)
      .toEqual({
        note: 'Bye',
        amount: '{{ amount }}',
        reason: '{{ why }}',
        address: { floor: '{{ $floor(level / 1000) }}' },
      })
  })
})

test.describe('the action', () => {
  const options = (page: Page) => page.getByRole('listbox', { name: 'Actions' }).getByRole('option')

  test('is looked for by name, title or connector and chosen by key', async ({ page }) => {
    const step = await open(page, 'verify')
    const field = panel(page).getByRole('combobox', { name: 'Action' })
    await expect(field).toHaveAttribute('aria-expanded', 'false')
    await field.focus()
    await page.keyboard.press('ArrowDown')
    await expect(options(page)).toHaveCount(4)
    await expect(page.getByRole('listbox', { name: 'Actions' }).getByRole('option', { selected: true })).toContainText(
      'identity.verify',
    )
    await expect(page.getByRole('group', { name: 'Stripe' }).getByRole('option')).toContainText([
      /Preview an invoice.*stripe\.preview_invoice.*reads/,
      /Change a subscription.*stripe\.update_subscription.*high risk/,
    ])
    await shoot(page, 'inspector-action')
    await accessible(page)
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('subscr')
    await expect(options(page)).toHaveText([/stripe\.update_subscription/])
    await page.keyboard.press('Escape')
    await expect(options(page)).toHaveCount(0)
    await expect(field).toHaveValue('identity.verify')
    await expect(field).toBeFocused()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('stripe')
    await expect(options(page)).toHaveCount(2)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await expect(field).toHaveValue('stripe.update_subscription')
    await expect(options(page)).toHaveCount(0)
    await expect
      .poll(() => step())
      .toMatchObject({
        action: 'stripe.update_subscription',
        input: { email: '{{ customer.email }}' },
        next: 'eligible',
      })
  })

  test('is chosen by click, or typed', async ({ page }) => {
    const step = await open(page, 'verify')
    const field = panel(page).getByRole('combobox', { name: 'Action' })
    await panel(page)
      .locator('label')
      .filter({ hasText: /^Action$/ })
      .last()
      .click()
    await expect(field).toBeFocused()
    await field.click()
    await options(page).filter({ hasText: 'Post a message' }).click()
    await expect.poll(() => step()?.action).toBe('slack.post_message')
    await field.click()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('stripe.preview_invoice')
    await expect(options(page)).toHaveCount(0)
    await expect(panel(page).getByLabel('Price price')).toBeVisible()
    // A name nobody knows is kept, words that only looked for one are not.
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('later.comes')
    await page.keyboard.press('Tab')
    await expect.poll(() => step()?.action).toBe('later.comes')
    await field.click()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('nothing like it')
    await expect(page.getByText('No action by that name.')).toBeVisible()
    await page.keyboard.press('Tab')
    await expect(field).toHaveValue('later.comes')
  })
})

test.describe('expressions', () => {
  /** The server's answers for two runs, and for a text over a sample. */
  const answers = (
    evaluate: (template: string, data: { customer: { name: string }; steps: Record<string, unknown> }) => object,
  ): Answers => ({
    [`GET /runs/${older.id}`]: { ...f.run, ...older, steps: f.run.steps.slice(0, 1) },
    [`GET /runs/${older.id}/events`]: {
      items: [{ type: 'run_started', data: { start: { customer: { name: 'Grace Example' } } } }],
      next: null,
    },
    'GET /runs': (_: unknown, query: URLSearchParams) => ({
      items: query.get('workflow') === 'wf1' ? f.runs.slice(0, Number(query.get('limit'))) : [],
      next: null,
      unreadable: [],
    }),
    'POST /eval': (body: { template?: string; data: never }) => ({
      value: null,
      nothing: false,
      error: null,
      code: null,
      position: null,
      ...evaluate(body.template ?? '', body.data),
    }),
  })
  const greeting = (template: string, data: { customer: { name: string } }) => ({
    value: template.replace('{{ customer.name }}', data.customer.name),
  })
  const body = (page: Page) => panel(page).getByRole('textbox', { name: 'Message' })

  test('offer what only the newest run had', async ({ page }) => {
    const step = await open(page, 'tell', answers(greeting))
    await expect(panel(page).getByText('Values are of the newest run.')).toBeVisible()
    await body(page).fill('{{ ')
    await page.keyboard.type('steps.verify.output.')
    const offered = page.getByRole('listbox', { name: 'Completions' }).getByRole('option')
    await expect(offered).toHaveText([/^customer/, /^plan/, /^seats.*12$/, /^verified.*true$/])
    await page.keyboard.type('ver')
    await expect(offered).toHaveCount(1)
    await offered.click()
    await page.keyboard.type(' }}')
    await expect.poll(() => step()?.body).toBe('{{ steps.verify.output.verified }}')
  })

  test('show their value for the sample that was chosen', async ({ page }) => {
    await open(page, 'tell', answers(greeting))
    await body(page).fill('Dear {{ customer.name }}')
    const live = panel(page).locator('output')
    await expect(live).toHaveText('= "Dear Ada Example"')
    await panel(page).getByRole('button', { name: 'Sample…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Data to try expressions on' })
    const from = dialog.getByLabel('Values of')
    await expect(from.getByRole('option')).toHaveCount(f.runs.length + 2)
    await expect(from.getByRole('option', { name: /Running · Grace Example/ })).toHaveCount(1)
    await from.selectOption(older.id)
    await expect(dialog.getByLabel('Data (JSON)')).toHaveValue(/Grace Example/)
    await shoot(page, 'inspector-sample')
    await accessible(page)
    await dialog.getByRole('button', { name: 'Use this' }).click()
    await expect(live).toHaveText('= "Dear Grace Example"')
    await expect(panel(page).getByText(/^Values are of the run of \d/)).toBeVisible()
    // What is offered is of that run too: it has not come as far.
    await body(page).fill('{{ ')
    await page.keyboard.type('steps.verify.output.')
    await expect(page.locator('.cm-tooltip-autocomplete')).toHaveCount(0)
    await body(page).fill('Dear {{ customer.name }}')
    // Changing the data makes it one's own; the newest run is one choice away.
    await panel(page).getByRole('button', { name: 'Sample…' }).click()
    await dialog.getByLabel('Data (JSON)').fill('{"customer":{"name":"Lin"}}')
    await expect(from).toHaveValue('own')
    await dialog.getByRole('button', { name: 'Use this' }).click()
    await expect(live).toHaveText('= "Dear Lin"')
    await panel(page).getByRole('button', { name: 'Sample…' }).click()
    await from.selectOption('The newest run')
    await dialog.getByRole('button', { name: 'Use this' }).click()
    await expect(live).toHaveText('= "Dear Ada Example"')
  })

  test('are marked where they are wrong', async ({ page }) => {
    const text = 'Grüße, {{ $nope(1) }} und {{ customer.name }}'
    // The server counts bytes, of which ü and ß have two.
    const position = Buffer.from(text.slice(0, text.indexOf('$nope'))).length
    await open(
      page,
      'tell',
      answers((template) =>
        template === text ? { error: 'There is no function $nope.', code: 'unknown_function', position } : {},
      ),
    )
    await body(page).fill(text)
    // While somebody types, nothing is said of what is half written.
    await expect(body(page)).toHaveAttribute('aria-invalid', 'false')
    await panel(page).getByLabel('Title').focus()
    await expect(panel(page).locator('output')).toHaveText('There is no function $nope.')
    await expect(body(page)).toHaveAttribute('aria-invalid', 'true')
    await expect(body(page).locator('.cm-lintRange-error').first()).toBeVisible()
    expect((await body(page).locator('.cm-lintRange-error').allTextContents()).join('')).toBe('$nope')
    const before = await body(page).evaluate((element) => {
      const range = document.createRange()
      range.setStart(element, 0)
      range.setEndBefore(element.querySelector('.cm-lintRange-error') as Element)
      return range.toString()
    })
    expect(before).toBe('Grüße, {{ ')
    await body(page).fill('Hallo {{ customer.name }}')
    await expect(body(page).locator('.cm-lintRange-error')).toHaveCount(0)
  })

  test('are offered in the strings of a JSON text too', async ({ page }) => {
    const step = await open(page, 'done', answers(greeting))
    const output = panel(page).getByRole('textbox', { name: 'Answer to who started it (JSON)' })
    await output.click()
    await page.keyboard.type('{"plan": "{{ cur')
    await output.press('Control+Space')
    await page.getByRole('option', { name: /^current_plan/ }).click()
    await page.keyboard.type(' }}"}')
    await expect.poll(() => step()?.output).toEqual({ plan: '{{ current_plan }}' })
    await expect(output.locator('.cm-line').first()).toHaveText('{"plan": "{{ current_plan }}"}')
    // Half written it is no problem yet.
    await page.keyboard.press('Backspace')
    await expect(output).toHaveAttribute('aria-invalid', 'false')
    await panel(page).getByLabel('Title').focus()
    await expect(panel(page).getByText('This is not JSON.')).toBeVisible()
    await expect(output).toHaveAttribute('aria-invalid', 'true')
  })

  test('have the room their kind of text needs', async ({ page }) => {
    await open(page, 'tell')
    const tall = async (name: string) => (await panel(page).getByRole('textbox', { name }).boundingBox())?.height ?? 0
    await expect(body(page)).toBeVisible()
    expect(await tall('Message')).toBeGreaterThan(3 * (await tall('Subject (e-mail)')))
  })
})

test('who renames a step and goes on to another field writes there', async ({ page }) => {
  await open(page, 'approve')
  const rename = async (id: string) => panel(page).getByLabel('Id', { exact: true }).fill(id)
  const title = panel(page).getByLabel('Title')
  await rename('approve_it')
  await title.click()
  await expect(title).toBeFocused()
  await page.keyboard.press('End')
  await page.keyboard.type('?')
  await expect(title).toHaveValue(/\?$/)
  await expect(panel(page).getByLabel('Id', { exact: true })).toHaveValue('approve_it')
  await rename('approve_them')
  await page.keyboard.press('Shift+Tab')
  // The button before it belongs to no field: the panel stays where it was.
  await expect(panel(page).getByLabel('Id', { exact: true })).toBeFocused()
})

test('a branch without a name or a condition is called by its place', async ({ page }) => {
  await open(page, 'eligible')
  await panel(page).getByRole('button', { name: 'Add a branch' }).click()
  await expect(page.locator('.react-flow__edgelabel-renderer').getByText('when 2', { exact: true })).toBeVisible()
})

test('an approval says who could approve now', async ({ page }) => {
  const asked: unknown[] = []
  const people = [
    { id: 'u1', name: 'Morgan Manager', email: 'manager@example.com', hindered: null },
    { id: 'u3', name: 'Fay Former', email: 'former@example.com', hindered: 'disabled' },
  ]
  await open(page, 'approve', {
    'POST /approvers/preview': (policy: { quorum?: number }) => {
      asked.push(policy)
      return { people, enough: (policy.quorum ?? 1) < 2, enough_without_requester: (policy.quorum ?? 1) < 1 }
    },
  })
  await expect(panel(page).getByText('Who could approve now: Morgan Manager')).toBeVisible()
  await expect(panel(page).getByText('Named, but cannot now: Fay Former (disabled)')).toBeVisible()
  await expect(panel(page).getByText('Not enough are left when one of them started the run.')).toBeVisible()
  expect(asked[0]).toEqual({ roles: ['manager'] })
  await panel(page).getByLabel('How many must approve').fill('2')
  await expect(panel(page).getByText('Only 1 of the 2 who must approve could.')).toBeVisible()
  expect(asked.at(-1)).toMatchObject({ roles: ['manager'], quorum: 2 })
})

test('channels in an order that cannot work are told', async ({ page }) => {
  const draft = { ...f.document, steps: { ...f.document.steps, tell: { ...f.document.steps.tell, delivery: 'first' } } }
  await open(page, 'tell', {}, draft)
  await expect(panel(page).getByText('The conversation always works: channels after it are never tried.')).toBeVisible()
  await panel(page).getByRole('button', { name: 'Move up' }).last().click()
  await expect(panel(page).getByText('The conversation always works: channels after it are never tried.')).toBeHidden()
})
