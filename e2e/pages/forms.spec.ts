import { expect, test, type Page } from '@playwright/test'
import { messages } from '../support/fixtures'
import { mockApi, type Answers } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const letters = [
  { const: 'a', title: 'Letter A' },
  { const: 'b', title: 'Letter B' },
]
const lines = {
  type: 'array',
  title: 'Items',
  minItems: 1,
  items: { type: 'object', required: ['sku'], properties: { sku: { type: 'string', title: 'Sku' } } },
}
const schema = {
  type: 'object',
  required: ['email'],
  additionalProperties: false,
  properties: {
    email: { type: 'string', format: 'email', title: 'E-mail' },
    phone: { type: 'string', title: 'Phone', minLength: 3 },
    items: lines,
    tags: { type: 'array', title: 'Tags', items: { type: 'string' } },
    address: {
      type: 'object',
      title: 'Address',
      required: ['city'],
      properties: { city: { type: 'string', title: 'City' } },
    },
    choice: { title: 'Choice', oneOf: letters },
  },
}

test.use({ viewport: { width: 390, height: 844 } })

test('a form leaves out what nobody filled, and its lists can be filled', async ({ page }) => {
  const first = messages.find((message) => message.form)!
  const form = { ...first.form, status: 'open', values: undefined, schema, prefill: { phone: null, email: null } }
  const sent: unknown[] = []
  await mockApi(page, {
    'GET /chat/conversations/cv1': () => ({
      messages: [{ ...first, form }],
      has_older: false,
      status: 'open',
      working: false,
    }),
    'POST /chat/conversations/cv1/messages': messages[0],
    [`POST /chat/conversations/cv1/forms/${first.form!.checkpoint}`]: (body: unknown) => {
      sent.push(body)
      return { __status: 409, type: 'about:blank', title: 'Again', status: 409, code: 'again', detail: 'Once more.' }
    },
  })
  await page.goto(`${ui.url}/c/demo`)
  await page.getByRole('textbox').fill('I want to upgrade')
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByLabel('E-mail').fill('ada@example.com')
  const submit = page.getByRole('button', { name: 'Continue' })
  await submit.click()
  await expect(page.getByText('Once more.')).toBeVisible()
  expect(sent).toEqual([{ values: { email: 'ada@example.com' } }])

  const add = page.getByRole('button', { name: 'Add to Items' })
  expect((await add.boundingBox())?.height).toBeGreaterThanOrEqual(44)
  await add.click()
  await page.getByLabel('Sku').fill('A-1')
  await page.getByRole('button', { name: 'Add to Tags' }).click()
  await page.getByRole('button', { name: 'Remove item 1' }).last().click()
  await page.getByLabel('Choice').selectOption({ label: 'Letter B' })
  await shoot(page, 'chat-form-list')
  await accessible(page)
  await submit.click()
  await expect.poll(() => sent.length).toBe(2)
  expect(sent[1]).toEqual({ values: { email: 'ada@example.com', items: [{ sku: 'A-1' }], choice: 'b' } })
})

test('what is half filled in is kept at the server, without its secrets, and is there after a reload', async ({
  page,
}) => {
  const first = messages.find((message) => message.form)!
  const asks = {
    type: 'object',
    required: ['email', 'seats'],
    properties: {
      email: { type: 'string', format: 'email', title: 'E-mail' },
      seats: { type: 'integer', title: 'Seats' },
      pin: { type: 'string', title: 'Pin', secret: true },
    },
  }
  let draft: Record<string, unknown> | undefined = { email: 'elsewhere@example.com', seats: 3 }
  const kept: unknown[] = []
  await mockApi(page, {
    'GET /chat/conversations/cv1': () => ({
      messages: [
        { ...first, form: { ...first.form, status: 'open', values: undefined, schema: asks, prefill: {}, draft } },
      ],
      status: 'open',
      working: false,
    }),
    'POST /chat/conversations/cv1/messages': messages[0],
    [`PUT /chat/conversations/cv1/forms/${first.form!.checkpoint}/draft`]: (body: {
      values: Record<string, unknown>
    }) => {
      kept.push(body.values)
      draft = body.values
      return { values: body.values }
    },
  })
  await page.goto(`${ui.url}/c/demo`)
  await page.getByRole('textbox').fill('I want to upgrade')
  await page.getByRole('button', { name: 'Send' }).click()
  const email = page.getByLabel('E-mail')
  await expect(email).toHaveValue('elsewhere@example.com')
  await email.fill('ada@exam')
  await page.getByLabel('Pin').fill('1234')
  await expect.poll(() => kept.at(-1)).toEqual({ email: 'ada@exam', seats: 3 })
  await page.reload()
  await expect(email).toHaveValue('ada@exam')
  await expect(page.getByLabel('Pin')).toHaveValue('')
  const local = await page.evaluate(() => JSON.stringify(localStorage))
  expect(local).not.toContain('1234')
  // Another device went on meanwhile.
  draft = { email: 'ada@example.com', seats: 4 }
  await page.reload()
  await expect(email).toHaveValue('ada@example.com')
  await expect(page.getByLabel('Seats')).toHaveValue('4')
})

test('a form of several pages is filled in page by page, and what is wrong is shown on its page', async ({ page }) => {
  const first = messages.find((message) => message.form)!
  const asks = {
    type: 'object',
    required: ['email', 'seats'],
    pages: [['email', 'name'], ['seats']],
    properties: {
      email: { type: 'string', format: 'email', title: 'E-mail' },
      seats: { type: 'integer', title: 'Seats' },
      name: { type: 'string', title: 'Name' },
    },
  }
  const sent: unknown[] = []
  const path = `/chat/conversations/cv1/forms/${first.form!.checkpoint}`
  await mockApi(page, {
    'GET /chat/conversations/cv1': () => ({
      messages: [{ ...first, form: { ...first.form, status: 'open', values: undefined, schema: asks, prefill: {} } }],
      status: 'open',
      working: false,
    }),
    'POST /chat/conversations/cv1/messages': messages[0],
    [`PUT ${path}/draft`]: (body: { values: Record<string, unknown> }) => ({ values: body.values }),
    [`POST ${path}`]: (body: unknown) => {
      sent.push(body)
      return {
        __status: 422,
        type: 'about:blank',
        title: 'The answers do not fit the form',
        status: 422,
        code: 'invalid_form',
        errors: [{ pointer: '/email', message: 'That address is taken.' }],
      }
    },
  })
  await page.goto(`${ui.url}/c/demo`)
  await page.getByRole('textbox').fill('I want to upgrade')
  await page.getByRole('button', { name: 'Send' }).click()
  const email = page.getByLabel('E-mail')
  const next = page.getByRole('button', { name: 'Next' })
  await expect(page.getByText('Page 1 of 2')).toBeVisible()
  await expect(page.getByLabel('Seats')).toHaveCount(0)
  await next.click()
  await expect(page.getByText('Please fill this in.')).toBeVisible()
  await expect(page.getByText('Page 1 of 2')).toBeVisible()
  await email.fill('ada@example.com')
  await shoot(page, 'chat-form-page-1')
  await next.click()
  await expect(page.getByText('Page 2 of 2')).toBeFocused()
  await page.getByLabel('Seats').fill('3')
  await page.getByRole('button', { name: 'Back' }).click()
  await expect(email).toHaveValue('ada@example.com')
  await next.click()
  await expect(page.getByLabel('Seats')).toHaveValue('3')
  await shoot(page, 'chat-form-page-2')
  await accessible(page)
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByText('That address is taken.')).toBeVisible()
  await expect(page.getByText('Page 1 of 2')).toBeVisible()
  expect(sent).toEqual([{ values: { email: 'ada@example.com', seats: 3 } }])
})

const photo = { name: 'bill.png', mimeType: 'image/png', buffer: Buffer.alloc(100_000, 7) }
const begun = async (page: Page, asks: object, more: object, answers: Answers = {}) => {
  const first = messages.find((message) => message.form)!
  await mockApi(page, {
    'GET /chat/conversations/cv1': () => ({
      messages: [{ ...first, form: { ...first.form, status: 'open', schema: asks, prefill: {}, ...more } }],
      status: 'open',
      working: false,
    }),
    'POST /chat/conversations/cv1/messages': messages[0],
    ...answers,
  })
  await page.goto(`${ui.url}/c/demo`)
  await page.getByRole('textbox').fill('I want to upgrade')
  await page.getByRole('button', { name: 'Send' }).click()
}
const place = `/chat/conversations/cv1/forms/${messages.find((message) => message.form)!.form!.checkpoint}`

/** An empty form; what was sent of it, each time refused. */
const asked = async (page: Page, asks: object) => {
  const sent: unknown[] = []
  await begun(
    page,
    asks,
    { values: undefined },
    {
      [`PUT ${place}/draft`]: (body: unknown) => body,
      [`POST ${place}`]: (body: unknown) => {
        sent.push(body)
        return { __status: 409, type: 'about:blank', title: 'Again', status: 409, code: 'again', detail: 'Once more.' }
      },
    },
  )
  return sent
}

test('a photo stays here when what is half filled in is kept, also inside a list', async ({ page }) => {
  const file = { type: 'string', format: 'data-url', contentMediaType: 'image/*', title: 'Photo' }
  const item = { type: 'object', properties: { note: { type: 'string', title: 'Note' }, photo: file } }
  const more: Record<string, unknown> = { values: undefined }
  const kept: unknown[] = []
  await begun(page, { type: 'object', properties: { items: { type: 'array', title: 'Items', items: item } } }, more, {
    [`PUT ${place}/draft`]: (body: { values: object }) => {
      kept.push(body.values)
      more.draft = body.values
      return body
    },
  })
  await page.getByRole('button', { name: 'Add to Items' }).click()
  await page.getByLabel('Photo').setInputFiles(photo)
  await expect(page.getByText('bill.png')).toBeVisible()
  await page.getByLabel('Note').fill('torn')
  await expect.poll(() => kept.at(-1)).toEqual({ items: [{ note: 'torn' }] })
  expect(JSON.stringify(kept)).not.toContain('base64')
  await page.reload()
  await expect(page.getByLabel('Note')).toHaveValue('torn')
  await expect(page.getByText('bill.png')).toBeVisible()
  // Sent elsewhere: nothing of it stays.
  more.status = 'submitted'
  await page.reload()
  await expect(page.getByText('Sent', { exact: false }).first()).toBeVisible()
  await expect.poll(() => page.evaluate(() => JSON.stringify(localStorage))).not.toContain('countersign.form.')
})

test('what the server was not told goes on from its draft, and gives way to a newer one', async ({ page }) => {
  const more: Record<string, unknown> = { values: undefined, draft: { name: 'A' } }
  const kept: unknown[] = []
  let down = true
  await begun(page, { type: 'object', properties: { name: { type: 'string', title: 'Name' } } }, more, {
    [`PUT ${place}/draft`]: (body: { values: object }) => {
      if (down) return { __status: 503, type: 'about:blank', title: 'Later', status: 503, code: 'busy' }
      kept.push(body.values)
      more.draft = body.values
      return body
    },
  })
  const named = page.getByLabel('Name')
  const local = () => page.evaluate(() => JSON.stringify(localStorage))
  await expect(named).toHaveValue('A')
  await named.fill('Ada')
  await expect.poll(local).toContain('Ada')
  down = false
  await page.reload()
  await expect(named).toHaveValue('Ada')
  await expect.poll(() => kept.at(-1)).toEqual({ name: 'Ada' })
  down = true
  await named.fill('Ada B')
  await expect.poll(local).toContain('Ada B')
  more.draft = { name: 'Ada Lovelace' }
  await page.reload()
  await expect(named).toHaveValue('Ada Lovelace')
})

test('what a form of several pages asks for as a whole is said, and where it can be mended', async ({ page }) => {
  const asks = {
    type: 'object',
    required: ['seats'],
    pages: [['company', 'vat'], ['seats']],
    properties: {
      company: { type: 'string', title: 'Company' },
      vat: { type: 'string', title: 'VAT number' },
      seats: { type: 'integer', title: 'Seats' },
    },
    if: { properties: { seats: { minimum: 10 } }, required: ['seats'] },
    then: { required: ['vat'] },
  }
  const sent: unknown[] = []
  await begun(
    page,
    asks,
    { values: undefined },
    {
      [`PUT ${place}/draft`]: (body: unknown) => body,
      [`POST ${place}`]: (body: unknown) => {
        sent.push(body)
        const errors = [{ pointer: '', message: 'These answers do not go together.' }]
        return { __status: 422, type: 'about:blank', title: 'No', status: 422, code: 'invalid_form', errors }
      },
    },
  )
  await page.getByLabel('Company').fill('Acme')
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByLabel('Seats').fill('12')
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByText('Page 1 of 2')).toBeVisible()
  await expect(page.getByText('Please fill this in.')).toBeVisible()
  expect(sent).toEqual([])
  await page.getByLabel('VAT number').fill('ATU1')
  await expect(page.getByText('Please fill this in.')).toHaveCount(0)
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByRole('alert').getByText('These answers do not go together.')).toBeVisible()
  expect(sent).toEqual([{ values: { company: 'Acme', vat: 'ATU1', seats: 12 } }])
  await shoot(page, 'chat-form-whole')
})

test('every kind of field is drawn, read and sent as it is kept, and nothing is ticked beforehand', async ({
  page,
}) => {
  const asks = {
    type: 'object',
    required: ['items', 'agree', 'paid'],
    properties: {
      told: { type: 'null', title: 'Your order', description: 'Order #1001\n2 × Mug' },
      items: { type: 'array', title: 'Damaged', items: { type: 'string', enum: ['Mug', 'Lamp'] } },
      lamp: { type: 'string', title: 'Which lamp?', when: { items: 'Lamp' } },
      paid: { type: 'string', format: 'money', currency: 'EUR', title: 'Paid' },
      at: { type: 'string', format: 'time', title: 'When' },
      stars: { type: 'integer', format: 'rating', minimum: 1, maximum: 5, title: 'Stars' },
      agree: { type: 'boolean', const: true, default: true, title: 'I agree', description: 'To our terms.' },
    },
  }
  const sent = await asked(page, asks)
  const agree = page.getByLabel('I agree')
  const submit = page.getByRole('button', { name: 'Continue' })
  await expect(page.getByText('2 × Mug')).toBeVisible()
  await expect(agree).not.toBeChecked()
  await expect(page.getByLabel('Which lamp?')).toHaveCount(0)
  await submit.click()
  await expect(page.getByText('Please tick this to go on.')).toBeVisible()
  expect(sent).toEqual([])

  const damaged = page.getByRole('group', { name: 'Damaged' })
  await damaged.getByLabel('Lamp').check()
  await page.getByLabel('Which lamp?').fill('the small one')
  await damaged.getByLabel('Mug').check()
  const paid = page.getByLabel('Paid')
  await paid.fill('42.605')
  await submit.click()
  await expect(page.getByText('This is not an amount in EUR, such as 42.60.')).toBeVisible()
  await paid.fill('42,6')
  await paid.blur()
  await expect(paid).toHaveValue('42.60')
  await page.getByLabel('When').fill('14:30')
  await page.getByRole('radiogroup', { name: 'Stars' }).getByLabel('4').check()
  await agree.check()
  await shoot(page, 'chat-form-kinds')
  await accessible(page)
  await submit.click()
  const all = { items: ['Mug', 'Lamp'], lamp: 'the small one', paid: '42.60', at: '14:30', stars: 4, agree: true }
  await expect.poll(() => sent).toEqual([{ values: all }])

  // What is not asked for any more is not sent, and is there again when it is.
  await damaged.getByLabel('Lamp').uncheck()
  await expect(page.getByLabel('Which lamp?')).toHaveCount(0)
  await agree.uncheck()
  await submit.click()
  await expect(page.getByText('Please tick this to go on.')).toBeVisible()
  await agree.check()
  await submit.click()
  const { lamp: _hidden, ...rest } = all
  await expect.poll(() => sent.at(-1)).toEqual({ values: { ...rest, items: ['Mug'] } })
  await damaged.getByLabel('Lamp').check()
  await expect(page.getByLabel('Which lamp?')).toHaveValue('the small one')
})

test('a page that nothing leads to is passed over', async ({ page }) => {
  const asks = {
    type: 'object',
    required: ['why', 'photo', 'more'],
    pages: [['why'], ['photo'], ['more']],
    properties: {
      why: { type: 'string', title: 'Why', enum: ['Late', 'Broken'] },
      photo: { type: 'string', title: 'Photo', when: { why: 'Broken' } },
      more: { type: 'string', title: 'More' },
    },
  }
  const sent = await asked(page, asks)
  const next = page.getByRole('button', { name: 'Next' })
  await page.getByLabel('Why').selectOption('Broken')
  await expect(page.getByText('Page 1 of 3')).toBeVisible()
  await next.click()
  await page.getByLabel('Photo').fill('x')
  await page.getByRole('button', { name: 'Back' }).click()
  await page.getByLabel('Why').selectOption('Late')
  await expect(page.getByText('Page 1 of 2')).toBeVisible()
  await next.click()
  await page.getByLabel('More').fill('y')
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect.poll(() => sent).toEqual([{ values: { why: 'Late', more: 'y' } }])
})

test('every kind of field is filled in by keyboard on a phone', async ({ page }) => {
  const asks = {
    type: 'object',
    required: ['items', 'agree', 'paid'],
    properties: {
      told: { type: 'null', title: 'Your order', description: 'Order #1001\n2 × Mug' },
      items: {
        type: 'array',
        title: 'Damaged',
        minItems: 1,
        items: {
          oneOf: [
            { const: 'm', title: 'Mug' },
            { const: 'l', title: 'Lamp' },
          ],
        },
      },
      stars: { type: 'integer', format: 'rating', minimum: 1, maximum: 10, title: 'Stars' },
      why: { type: 'string', title: 'What was wrong?', maxLength: 500, when: { stars: [1, 2] } },
      agree: { type: 'boolean', const: true, title: 'I agree' },
      paid: { type: 'string', format: 'money', currency: 'JPY', title: 'Paid' },
    },
  }
  const sent = await asked(page, asks)
  await page.getByRole('button', { name: 'Continue' }).press('Enter')
  await expect(page.getByText('Please choose at least one.')).toBeVisible()
  expect(sent).toEqual([])
  await page.getByLabel('Lamp').focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Space')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Tab')
  await expect(page.getByLabel('What was wrong?')).toBeFocused()
  await page.keyboard.type('Late')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Space')
  await page.keyboard.press('Tab')
  await page.keyboard.type('¥ 4200 ')
  const wide = await page.evaluate(() => document.documentElement.scrollWidth)
  expect(wide).toBeLessThanOrEqual(390)
  await shoot(page, 'chat-form-kinds-phone')
  await accessible(page)
  await page.keyboard.press('Enter')
  await expect
    .poll(() => sent)
    .toEqual([{ values: { items: ['l'], stars: 2, why: 'Late', agree: true, paid: '4200' } }])
})
