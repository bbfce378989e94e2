import { expect, test, type Page } from '@playwright/test'
import { mockApi, type Answers } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

type Draft = { steps: Record<string, Record<string, unknown>>; start: string }
let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

/** Opens the builder on a server that remembers the draft it is sent. */
async function open(page: Page, draft?: Draft, changes: Answers = {}) {
  page.on('pageerror', (error) => console.log('pageerror:', error.message.slice(0, 800)))
  let revision = 12
  const saved: Draft[] = []
  const workflow = (document: unknown) => ({
    id: 'wf1',
    name: 'Subscription Upgrade',
    draft: document,
    draft_revision: revision,
    active_version: 7,
    diagnostics: [],
  })
  await mockApi(page, {
    ...(draft ? { 'GET /workflows/wf1': () => workflow(saved.at(-1) ?? draft) } : {}),
    'PUT /workflows/wf1/draft': (body: { document: Draft }) => {
      revision += 1
      saved.push(body.document)
      return workflow(body.document)
    },
    ...changes,
  })
  await page.goto(`${ui.url}/workflows/wf1`)
  await expect(page.locator('.react-flow__node').first()).toBeVisible()
  return { last: () => saved.at(-1) as Draft, count: () => saved.length }
}

const empty: Draft & { schema: number; name: string } = {
  schema: 1,
  name: 'Empty',
  start: 'done',
  steps: { done: { type: 'end', title: 'Done', position: [0, 0] } },
}
const card = (page: Page, text: string) => page.locator('.react-flow__node').filter({ hasText: text })

test('insert on a connection, undo, redo, delete', async ({ page }) => {
  const server = await open(page)
  await page.getByRole('button', { name: 'Insert a step here' }).first().click()
  await shoot(page, 'builder-add')
  await page.getByPlaceholder('Kind of step').fill('notify')
  await page.keyboard.press('Enter')
  await expect(page.locator('.react-flow__node')).toHaveCount(14)
  await page.getByRole('complementary').getByLabel('Message').fill('Hello {{ customer.name }}')
  await expect.poll(() => server.last()?.steps.notify?.body).toBe('Hello {{ customer.name }}')
  await shoot(page, 'builder-notify')
  await accessible(page)
  await expect(page.getByRole('button', { name: 'Undo' })).toHaveAttribute('title', 'Undo: change notify')
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByRole('button', { name: 'Undo' })).toHaveAttribute('title', 'Undo: insert')
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page.locator('.react-flow__node')).toHaveCount(13)
  await page.keyboard.press('Control+Shift+z')
  await expect(page.locator('.react-flow__node')).toHaveCount(14)
  await card(page, 'Manager approval required').click()
  await expect(page.getByLabel('One line for the card')).toBeVisible()
  await shoot(page, 'builder-approval')
  await accessible(page)
  await page.locator('.react-flow__pane').click({ position: { x: 300, y: 20 } })
  await card(page, 'Preview the proration').click()
  await page.keyboard.press('Delete')
  await expect(page.locator('.react-flow__node')).toHaveCount(13)
  await expect.poll(() => (server.last()?.steps.eligible?.branches as { next: string }[])[0]?.next).toBe('approve')
})

test('build by keyboard only', async ({ page }) => {
  const server = await open(page, empty)
  const add = async (what: string) => {
    await page.keyboard.press('/')
    await page.getByPlaceholder('Kind of step').fill(what)
    await page.keyboard.press('Enter')
    await expect(page.getByPlaceholder('Kind of step')).toBeHidden()
  }
  await add('approval')
  await expect(page.getByRole('complementary').getByLabel('Title')).toBeFocused()
  await page.keyboard.type('Ask the boss')
  await page.keyboard.press('Escape')
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await add('stripe.update_subscription')
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await expect.poll(() => Object.keys(server.last()?.steps ?? {}).length).toBe(3)
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Control+d')
  await expect(page.locator('.react-flow__node')).toHaveCount(6)
  await page.keyboard.press('Control+z')
  await expect(page.locator('.react-flow__node')).toHaveCount(3)
  await page.keyboard.press('l')
  await page.keyboard.press('y')
  await expect(page.getByRole('textbox', { name: 'YAML' })).toContainText('title: Ask the boss')
  expect(server.last()).toMatchObject({
    start: 'approval',
    steps: {
      approval: { on_approve: 'change_a_subscription', on_reject: '' },
      change_a_subscription: { next: 'done' },
    },
  })
  await shoot(page, 'builder-yaml')
})

test('drag from the palette and connect by mouse', async ({ page }) => {
  const server = await open(page, empty)
  await page
    .getByRole('button', { name: 'Call an API' })
    .dragTo(page.locator('.react-flow__pane'), { targetPosition: { x: 500, y: 160 } })
  await expect(page.locator('.react-flow__node')).toHaveCount(2)
  const from = page
    .locator('.react-flow__node')
    .filter({ hasText: 'tool_call' })
    .locator('.react-flow__handle.source')
    .first()
  await from.dragTo(card(page, 'Done').locator('.react-flow__handle.target'))
  await expect.poll(() => server.last()?.steps.tool_call?.next).toBe('done')
  await expect(page.locator('.react-flow__edge')).toHaveCount(1)
})

test('a conflict shows both sides', async ({ page }) => {
  let first = true
  const server = await open(page, empty, {})
  await page.unrouteAll()
  const later = await open(page, empty, {
    'PUT /workflows/wf1/draft': (body: { document: Draft }) => {
      if (!first)
        return { id: 'wf1', name: 'x', draft: body.document, draft_revision: 31, active_version: null, diagnostics: [] }
      first = false
      return {
        __status: 412,
        type: 'about:blank',
        title: 'Changed meanwhile',
        status: 412,
        code: 'conflict',
        current: { draft: { ...empty, name: 'Theirs' }, draft_revision: 30 },
      }
    },
  })
  expect(server.count() + later.count()).toBe(0)
  await page.getByLabel('Name').fill('Mine')
  await expect(page.getByRole('heading', { name: 'Somebody else changed this draft' })).toBeVisible()
  await shoot(page, 'builder-conflict')
  await page.getByRole('button', { name: 'Keep mine' }).click()
  await expect(page.getByText('Saved', { exact: true })).toBeVisible()
})

test('problems lead to the field and stop publishing', async ({ page }) => {
  const problem = {
    code: 'unknown_action',
    severity: 'error',
    pointer: '/steps/preview/action',
    message: 'No action stripe.previw.',
    help: 'Did you mean stripe.preview_invoice?',
  }
  await open(page, undefined, { 'POST /check': { diagnostics: [problem] } })
  await page.getByLabel('Description').fill('x')
  await page.getByRole('button', { name: /1 errors/ }).click()
  await page.getByRole('button', { name: /No action stripe.previw/ }).click()
  await expect(page.getByLabel('Action', { exact: true })).toBeFocused()
  await shoot(page, 'builder-problems')
  await page.getByRole('button', { name: 'Publish' }).click()
  await expect(page.getByText('It cannot be published yet')).toBeVisible()
  await shoot(page, 'builder-publish')
})

test('all reasons against publishing can be read', async ({ page }) => {
  const diagnostics = Array.from({ length: 11 }, (_, index) => ({
    code: 'unknown_name',
    severity: 'error',
    pointer: '/steps/tell/body',
    message: `Nothing is called name_${index}.`,
    help: '',
  }))
  await open(page, undefined, { 'POST /check': { diagnostics } })
  await page.getByLabel('Description').fill('x')
  await expect(page.getByRole('button', { name: /11 errors/ })).toBeVisible()
  await page.getByRole('button', { name: 'Publish' }).click()
  const reasons = page.getByRole('dialog').getByRole('alert').getByRole('listitem')
  await expect(reasons).toHaveCount(8)
  await page.getByRole('button', { name: 'and 3 more' }).click()
  await expect(reasons).toHaveCount(11)
  await expect(page.getByRole('button', { name: /more$/ })).toBeHidden()
  await accessible(page)
})

test('who leaves while the draft could not be saved is told what would be lost', async ({ page }) => {
  let down = true
  let saves = 0
  await open(page, undefined, {
    'PUT /workflows/wf1/draft': (body: { document: Draft }) => {
      saves += 1
      return down
        ? {
            __status: 422,
            type: 'about:blank',
            title: 'No',
            status: 422,
            code: 'too_large',
            detail: 'The document is too large.',
          }
        : { id: 'wf1', name: 'x', draft: body.document, draft_revision: 12 + saves, active_version: 7, diagnostics: [] }
    },
  })
  const places = page.getByRole('navigation', { name: 'Main' })
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' })
  await page.getByLabel('Description').fill('Precious words')
  await places.getByRole('link', { name: 'Runs' }).click()
  await expect(dialog).toContainText('The document is too large.')
  await expect(dialog.getByRole('region', { name: 'Text difference' })).toContainText('description: Precious words')
  await shoot(page, 'builder-leave')
  await accessible(page)
  await dialog.getByRole('button', { name: 'Stay' }).click()
  await expect(dialog).toBeHidden()
  await expect(page).toHaveURL(/\/workflows\/wf1/)
  await expect(page.getByLabel('Description')).toHaveValue('Precious words')
  // Choosing a step changes the address and is not leaving.
  await card(page, 'Preview the proration').click()
  await expect(page).toHaveURL(/step=preview/)
  await expect(dialog).toBeHidden()
  await page.getByRole('button', { name: 'Close panel' }).click()
  await places.getByRole('link', { name: 'Runs' }).click()
  await dialog.getByRole('button', { name: 'Leave' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Runs' })).toBeVisible()
  down = false
  const before = saves
  await page.goBack()
  await page.getByLabel('Description').fill('Words that arrive')
  await places.getByRole('link', { name: 'Runs' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Runs' })).toBeVisible()
  expect(saves).toBe(before + 1)
})

test('text that is half written is drawn as it is, and stays while the graph is looked at', async ({ page }) => {
  const server = await open(page, empty)
  const yaml = page.getByRole('textbox', { name: 'YAML' })
  await page.keyboard.press('y')
  await yaml.fill('name: Half\nstart: choose\nsteps:\n  choose:\n')
  await expect(page.getByRole('alert')).toHaveText('“choose” is no step: it has no type.')
  await yaml.fill(
    [
      'name: Half',
      'start: choose',
      'steps:',
      '  choose: { type: condition }',
      '  tell: { type: notify, channels: email }',
      '  later: { type: not_yet }',
      '  done: { type: end }',
      '',
    ].join('\n'),
  )
  await page.getByRole('button', { name: 'Apply to the draft' }).click()
  await expect.poll(() => Object.keys(server.last()?.steps ?? {})).toEqual(['choose', 'tell', 'later', 'done'])
  await yaml.fill('name: Other\nstart: done\nsteps:\n  done: { type: end }\n')
  await page.getByRole('tab', { name: 'Graph' }).click()
  await expect(page.locator('.react-flow__node')).toHaveCount(4)
  await card(page, 'choose').click()
  await page.getByRole('button', { name: 'Add a branch' }).click()
  await card(page, 'tell').click()
  await expect(page.getByRole('button', { name: 'Add a channel' })).toBeVisible()
  await page.getByRole('tab', { name: 'YAML' }).click()
  await expect(yaml).toContainText('name: Other')
  await expect(page.getByText('applying it takes that back')).toBeVisible()
  await page.getByRole('button', { name: 'Apply to the draft' }).click()
  await expect.poll(() => Object.keys(server.last()?.steps ?? {})).toEqual(['done'])
})

test('the form is drawn as each channel shows it', async ({ page }) => {
  const showing = { conversation: 'inline', whatsapp: 'buttons', telegram: 'buttons', sms: 'numbered', email: 'link' }
  const form = {
    type: 'object',
    properties: { plan: { type: 'string', title: 'Which plan?', enum: ['Basic', 'Team', 'A plan with a long name'] } },
    required: ['plan'],
  }
  const draft = {
    schema: 1,
    name: 'Ask',
    start: 'ask',
    steps: {
      ask: { type: 'collect_form', title: 'Ask', prompt: 'One question before we start.', form, next: 'done' },
      done: { type: 'end' },
    },
  }
  const asked = 'One question before we start.\n\nWhich plan?'
  const numbered = `${asked}\n1. Basic\n2. Team\n3. A plan with a long name\nReply with the number.`
  const pressed = { text: asked, choices: form.properties.plan.enum }
  const messages: Record<string, unknown> = {
    whatsapp: pressed,
    telegram: pressed,
    sms: { text: numbered, choices: [] },
    email: { text: `${asked}\n\nOr fill in all of it here: https://countersign.example/f/…`, choices: [] },
  }
  await mockApi(page, {
    'GET /workflows/wf1': { id: 'wf1', name: 'Ask', draft, draft_revision: 1, active_version: null, diagnostics: [] },
    'POST /forms/preview': {
      channels: Object.entries(showing).map(([channel, one]) => ({
        channel,
        showing: one,
        message: messages[channel],
        problems:
          channel === 'whatsapp'
            ? ['WhatsApp shows at most 20 characters of the choice “A plan with a long name”']
            : [],
      })),
    },
  })
  await page.goto(`${ui.url}/workflows/wf1?step=ask`)
  const panel = (name: string) => page.getByRole('tabpanel', { name })
  await expect(panel('Web chat').getByRole('radio').or(panel('Web chat').getByRole('combobox')).first()).toBeVisible()
  await page.getByRole('tab', { name: 'WhatsApp' }).click()
  await expect(panel('WhatsApp').getByRole('listitem')).toHaveText(['Basic', 'Team', 'A plan with a long name'])
  await expect(panel('WhatsApp')).toContainText('at most 20 characters')
  await panel('WhatsApp').scrollIntoViewIfNeeded()
  await shoot(page, 'form-whatsapp')
  await accessible(page)
  await page.getByRole('tab', { name: 'SMS' }).click()
  await expect(panel('SMS')).toContainText('2. Team')
  await shoot(page, 'form-sms')
  await page.getByRole('tab', { name: 'Telegram' }).click()
  await expect(panel('Telegram').getByRole('listitem')).toHaveCount(3)
  await shoot(page, 'form-telegram')
  await page.getByRole('tab', { name: 'E-mail' }).click()
  await expect(panel('E-mail').getByRole('listitem')).toHaveCount(0)
  await shoot(page, 'form-email')
})

test('a form is given fields of every kind, and one that is asked for by another', async ({ page }) => {
  const form = { type: 'object', properties: { damaged: { type: 'boolean', title: 'Is it damaged?' } }, required: [] }
  const draft = {
    schema: 1,
    name: 'Ask',
    start: 'ask',
    steps: {
      ask: { type: 'collect_form', title: 'Ask', form, next: 'done', on_unusable: { replies: 3, next: 'done' } },
      done: { type: 'end' },
    },
  }
  const server = await open(page, draft as unknown as Draft)
  await page.goto(`${ui.url}/workflows/wf1?step=ask`)
  const add = async (type: string, label: string) => {
    await page.getByRole('button', { name: 'Add a field of another type' }).click()
    await page.getByRole('menuitem', { name: type, exact: true }).click()
    await page.getByLabel('Label', { exact: true }).last().fill(label)
  }
  const row = (name: string) => page.locator(`[data-field="form.properties.${name}"]`)
  const asked = () => server.last()?.steps.ask as { form: { properties: Record<string, unknown>; required: string[] } }
  await add('Money', 'Price')
  await row('price').getByLabel('Currency').fill('usd')
  await add('Rating', 'Stars')
  await row('stars').getByLabel('From 1 to').selectOption('3')
  await add('Several choices', 'Parts')
  await row('parts').getByLabel('Choices, separated by commas').fill('Lid, Cup')
  await row('parts').getByLabel('Choices, separated by commas').blur()
  await row('parts').getByLabel('Asked for when this is chosen').selectOption('Is it damaged?')
  await add('Consent', 'Terms')
  await row('terms').getByLabel('What is agreed to').fill('You agree.')
  await add('Words to read', 'Told')
  await expect(row('told').getByLabel('Required')).toBeDisabled()
  await page.getByLabel('Go on without after so many replies that are no answer').fill('2')
  await expect.poll(() => (server.last()?.steps.ask?.on_unusable as { replies: number } | undefined)?.replies).toBe(2)
  expect(asked().form.required).toEqual(['terms'])
  expect(asked().form.properties).toEqual({
    damaged: { type: 'boolean', title: 'Is it damaged?' },
    price: { type: 'string', format: 'money', currency: 'USD', title: 'Price' },
    stars: { type: 'integer', format: 'rating', minimum: 1, maximum: 3, title: 'Stars' },
    parts: {
      type: 'array',
      uniqueItems: true,
      items: { type: 'string', enum: ['Lid', 'Cup'] },
      title: 'Parts',
      when: { damaged: true },
    },
    terms: { type: 'boolean', const: true, title: 'Terms', description: 'You agree.' },
    told: { type: 'null', description: '', title: 'Told' },
  })
  await row('parts').scrollIntoViewIfNeeded()
  await shoot(page, 'builder-form-kinds')
  await accessible(page)
  // A condition follows the name of its field, and goes with it.
  await row('damaged').getByLabel('Name').fill('broken')
  await row('damaged').getByLabel('Name').blur()
  await expect.poll(() => (asked().form.properties.parts as { when?: object }).when).toEqual({ broken: true })
  await row('broken').getByRole('button', { name: 'Remove broken' }).click()
  await expect.poll(() => (asked().form.properties.parts as { when?: object }).when).toBeUndefined()
})
