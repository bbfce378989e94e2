import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { expect, test, type Page } from '@playwright/test'
import { document as drawn, me, NOW } from '../support/fixtures'
import { mockApi, type Answers } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const narrow = async (page: Page, name: string) => {
  await page.setViewportSize({ width: 390, height: 844 })
  await shoot(page, name)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
}
const URL = 'https://flows.example.com/hooks/t/ws1.abcdefghijklmnop'
const shown = (id: string, type: string) => ({
  id,
  type,
  enabled: true,
  url: type === 'webhook' ? URL : null,
  has_secret: true,
  next_at: type === 'schedule' ? NOW + 3_600_000 : null,
  last_fires: [],
})

/** The page of a workflow with one trigger. */
async function open(page: Page, definition: { type: string }, answers: Answers = {}, input?: object) {
  const calls = await mockApi(page, {
    'GET /workflows/wf1/triggers': { items: [shown(`${definition.type}-1`, definition.type)], next: null },
    'GET /workflows/wf1/versions/7': { version: 7, document: { ...drawn, triggers: [definition], input } },
    ...answers,
  })
  await page.goto(`${ui.url}/workflows/wf1/triggers`)
  return calls
}

const input = {
  type: 'object',
  required: ['order', 'amount'],
  properties: {
    order: { type: 'string', title: 'Order' },
    amount: { type: 'integer', title: 'Amount', minimum: 1 },
    why: { type: 'string', title: 'Why', enum: ['late', 'broken'] },
  },
}
const refused = {
  __status: 422,
  type: 'about:blank',
  title: 'The input does not fit the workflow',
  status: 422,
  code: 'invalid_input',
  errors: [{ pointer: '/order', message: 'no such order' }],
}

test('a run is started by hand with the form of what it asks for', async ({ page }) => {
  let answer: unknown = refused
  const calls = await open(page, { type: 'manual' }, { 'POST /runs': () => answer }, input)
  await page.getByRole('button', { name: 'Start a run' }).click()
  const dialog = page.getByRole('dialog', { name: 'Start a run' })
  const start = dialog.getByRole('button', { name: 'Start', exact: true })
  await start.click()
  await expect(dialog.getByText('Please fill this in.').first()).toBeVisible()
  await dialog.getByLabel('Order').fill('1001')
  await dialog.getByLabel('Amount').fill('20')
  await accessible(page)
  await shoot(page, 'start-run')
  await start.click()
  await expect(dialog.getByText('no such order')).toBeVisible()
  expect(calls.filter((call) => call.path === '/runs' && call.method === 'POST').map((call) => call.body)).toEqual([
    { workflow: 'wf1', input: { order: '1001', amount: 20 } },
  ])
  await dialog.getByRole('tab', { name: 'JSON' }).click()
  const json = dialog.getByLabel('Input (JSON)')
  await expect(json).toHaveValue(/"order": "1001"/)
  await json.fill('{"order": ')
  await expect(dialog.getByText('This is not a JSON object.')).toBeVisible()
  await expect(start).toBeDisabled()
  await json.fill('{"order": "1002", "amount": 1}')
  await dialog.getByRole('tab', { name: 'Fields' }).click()
  await expect(dialog.getByLabel('Order')).toHaveValue('1002')
  await narrow(page, 'start-run-phone')
  answer = { id: 'r1', status: 'running' }
  await start.click()
  await expect(page).toHaveURL(/\/runs\/r1$/)
})

test('the same input is the same run however often it is sent, another input is another', async ({ page }) => {
  await open(page, { type: 'manual' }, {}, input)
  const keys: (string | undefined)[] = []
  await page.route('**/api/v1/runs', async (route) => {
    if (route.request().method() !== 'POST') return route.fallback()
    keys.push(route.request().headers()['idempotency-key'])
    // The first two answers get lost.
    if (keys.length < 3) return route.abort()
    await route.fulfill({ status: 201, json: { id: 'r1', status: 'running' } })
  })
  await page.getByRole('button', { name: 'Start a run' }).click()
  const dialog = page.getByRole('dialog', { name: 'Start a run' })
  const start = dialog.getByRole('button', { name: 'Start', exact: true })
  await dialog.getByLabel('Order').fill('1001')
  await dialog.getByLabel('Amount').fill('20')
  for (const sent of [1, 2]) {
    await start.click()
    await expect.poll(() => keys.length).toBe(sent)
    await expect(start).toBeEnabled()
  }
  await dialog.getByLabel('Amount').fill('21')
  await start.click()
  await expect(page).toHaveURL(/\/runs\/r1$/)
  expect(keys[0]).toBeTruthy()
  expect(keys[1]).toBe(keys[0])
  expect(keys[2]).not.toBe(keys[0])
})

test('the builder starts a run with the same form', async ({ page }) => {
  await mockApi(page, { 'GET /workflows/wf1/versions/7': { version: 7, document: { ...drawn, input } } })
  await page.goto(`${ui.url}/workflows/wf1`)
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Start a run' }).click()
  await expect(page.getByRole('dialog', { name: 'Start a run' }).getByLabel('Order')).toBeVisible()
})

test('a viewer has no button that starts', async ({ page }) => {
  await open(page, { type: 'manual' }, { 'GET /auth/me': { ...me, role: 'viewer' } })
  await expect(page.getByRole('heading', { name: 'A person starts it' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Start a run' })).toHaveCount(0)
})

test('a sample call says what it would come to', async ({ page }) => {
  const answers = [
    { outcome: 'starts', body: { id: 7 }, input: { order: 7 }, dedup: 'a-1', before: null, problems: [] },
    {
      outcome: 'fails',
      body: { id: 'x' },
      input: null,
      dedup: null,
      before: null,
      problems: [{ pointer: '/input', message: 'cannot be a number' }],
    },
    { outcome: 'duplicate', body: {}, input: null, dedup: 'a-1', before: 'ev-1', problems: [] },
  ]
  const fire = { event: 'ev-1', at: NOW - 60_000, outcome: 'started', run: 'r9', error: null }
  const calls = await open(
    page,
    { type: 'webhook' },
    {
      'GET /workflows/wf1/triggers': { items: [{ ...shown('webhook-1', 'webhook'), last_fires: [fire] }], next: null },
      'POST /workflows/wf1/triggers/webhook-1/try': () => answers.shift(),
    },
  )
  await page.getByRole('button', { name: 'Try a sample here' }).click()
  const dialog = page.getByRole('dialog', { name: 'Try webhook-1' })
  await dialog.getByLabel('Body', { exact: true }).fill('{"id": 7}')
  await dialog.getByLabel('Headers').fill('no header')
  await expect(dialog.getByText('A line is a name, a colon and a value.')).toBeVisible()
  await expect(dialog.getByRole('button', { name: 'See what would happen' })).toBeDisabled()
  await dialog.getByLabel('Headers').fill('X-Request-Id: a-1\nx-time: 10:30')
  await dialog.getByLabel('Query').fill('page=2&of=a%20b')
  await dialog.getByRole('button', { name: 'See what would happen' }).click()
  await expect(dialog.getByText('It would start a run.')).toBeVisible()
  await expect(dialog.getByText('"a-1"')).toBeVisible()
  await accessible(page)
  await shoot(page, 'try-webhook')
  expect(calls.find((call) => call.path.endsWith('/try'))?.body).toEqual({
    body: '{"id": 7}',
    headers: { 'content-type': 'application/json', 'x-request-id': 'a-1', 'x-time': '10:30' },
    query: { page: '2', of: 'a b' },
  })
  await dialog.getByRole('button', { name: 'See what would happen' }).click()
  await expect(dialog.getByText('It would be kept, but start no run.')).toBeVisible()
  await expect(dialog.getByText('cannot be a number')).toBeVisible()
  await narrow(page, 'try-webhook-phone')
  // What was said of another call is not said of this one.
  await dialog.getByLabel('Body', { exact: true }).fill('<order/>')
  await expect(dialog.getByRole('region', { name: 'What would happen' })).toHaveCount(0)
  await dialog.getByLabel('Headers').fill('Content-Type: application/xml')
  await expect(dialog.getByLabel('Kind of the body')).toBeDisabled()
  await expect(dialog.getByText('The header content-type below says it: application/xml.')).toBeVisible()
  await dialog.getByRole('button', { name: 'See what would happen' }).click()
  await expect(dialog.getByText('a call with the same key came before')).toBeVisible()
  await expect(dialog.getByText('ev-1')).toBeVisible()
  await expect(dialog.getByRole('link', { name: 'Open the run' })).toHaveAttribute('href', '/runs/r9')
  await shoot(page, 'try-webhook-duplicate-phone')
  const last = calls.filter((call) => call.path.endsWith('/try')).at(-1)?.body as { headers: object }
  expect(last.headers).toEqual({ 'content-type': 'application/xml' })
})

for (const [name, answer] of [
  ['loads', null],
  ['cannot be read', { __status: 500, type: 'about:blank', title: 'It broke', status: 500, code: 'internal' }],
] as const)
  test(`nothing is said of how calls are verified while the version ${name}`, async ({ page }) => {
    const never = new Promise<never>(() => {})
    await mockApi(page, {
      'GET /workflows/wf1/triggers': { items: [shown('hook', 'webhook')], next: null },
      ...(answer && { 'GET /workflows/wf1/versions/7': answer }),
    })
    if (!answer) await page.route('**/api/v1/workflows/wf1/versions/7', () => never)
    await page.goto(`${ui.url}/workflows/wf1/triggers`)
    await expect(page.getByRole('textbox', { name: 'Address' })).toHaveValue(URL)
    if (answer) {
      await expect(page.getByRole('alert')).toContainText('The active version could not be read', { timeout: 20_000 })
      await expect(page.getByRole('alert')).toContainText('It broke')
      await shoot(page, 'triggers-unread')
    }
    await expect(page.getByText('nothing is verified')).toHaveCount(0)
  })

for (const [name, hmac, header, algorithm, encoding] of [
  ['as usual', undefined, 'x-signature: sha256=', 'sha256', 'hex'],
  [
    'as the trigger says',
    { header: 'X-Shop', algorithm: 'sha512', encoding: 'base64', prefix: 'v1=' },
    'X-Shop: v1=',
    'sha512',
    'base64',
  ],
  // The server refuses these; a draft that was saved before it did is no command to run something else either.
  [
    'whatever stands before it',
    { header: "x-$(id)'`id`", prefix: `$(echo no)\`echo no\`"'\\$HOME'' v1=` },
    `x-$(id)'\`id\`: $(echo no)\`echo no\`"'\\$HOME'' v1=`,
    'sha256',
    'hex',
  ],
] as const)
  test(`the command to copy signs its body, ${name}`, async ({ page }) => {
    await open(page, { type: 'webhook', verify: 'hmac', hmac } as { type: string })
    const command = await page.getByRole('region', { name: 'A call of webhook-1' }).innerText()
    // Run as somebody would who has copied it, with a curl that only says what it was given.
    const script = `SECRET='open sesame'\ncurl() { printf '%s\\n' "$@"; }\n${command}`
    const given = execFileSync('bash', ['-euc', script], { encoding: 'utf8' }).split('\n')
    const signature = createHmac(algorithm, 'open sesame').update('{"order": "1001"}').digest(encoding)
    expect(given).toContain(`${header}${signature}`)
    expect(given).toContain('{"order": "1001"}')
    expect(given).toContain(URL)
    await expect(page.getByRole('heading', { name: 'Call it with curl (set SECRET first)' })).toBeVisible()
    await narrow(page, `curl-hmac-${name.replaceAll(' ', '-')}`)
  })

test('where the provider signs no command is offered', async ({ page }) => {
  await open(page, { type: 'webhook', verify: 'stripe' } as { type: string })
  await expect(page.getByText('Stripe signs each call')).toBeVisible()
  await expect(page.getByRole('region', { name: 'A call of webhook-1' })).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Copy the command' })).toHaveCount(0)
})

test('a schedule tells its next five times in words', async ({ page }) => {
  const next = NOW + 3_600_000
  const times = [0, 1, 2, 3, 4].map((day) => next + day * 86_400_000)
  await open(page, { type: 'schedule', cron: '0 9 * * *', time_zone: 'Europe/Berlin' } as { type: string }, {
    'POST /schedules/preview': { times },
  })
  const after = page.getByRole('list', { name: 'Then' }).getByRole('listitem')
  await expect(after).toHaveCount(4)
  const said = new Date(times[4] ?? 0).toLocaleString('en-GB', {
    dateStyle: 'full',
    timeStyle: 'medium',
    timeZone: 'Europe/Berlin',
  })
  await expect(after.last()).toHaveText(said)
  await accessible(page)
  await narrow(page, 'schedule-times')
})

test('a sample call is kept and is there again after a reload', async ({ page }) => {
  const kept: { value: object }[] = []
  const calls = await open(
    page,
    { type: 'webhook' },
    {
      'GET /workflows/wf1/samples': () => ({
        items: kept.map(({ value }) => ({
          of: 'trigger',
          id: 'webhook-1',
          value,
          kept_at: NOW,
          kept_by: { id: 'u', name: 'Bo' },
        })),
        next: null,
      }),
      'PUT /workflows/wf1/samples/trigger/webhook-1': (body: { value: object }) => ({
        removed: kept.splice(0, 1, body).length,
      }),
      'DELETE /workflows/wf1/samples/trigger/webhook-1': () => ({ removed: kept.splice(0).length }),
    },
  )
  const dialog = page.getByRole('dialog', { name: 'Try webhook-1' })
  await page.getByRole('button', { name: 'Try a sample here' }).click()
  await dialog.getByLabel('Body', { exact: true }).fill('{"id": 8}')
  await dialog.getByLabel('Headers').fill('x-request-id: a-1')
  await dialog.getByLabel('Query').fill('page=2')
  await dialog.getByRole('button', { name: 'Keep this sample' }).click()
  await expect(dialog.getByText('Sample kept by Bo')).toBeVisible()
  expect(calls.find((call) => call.method === 'PUT')?.body).toEqual({
    value: {
      body: '{"id": 8}',
      headers: { 'content-type': 'application/json', 'x-request-id': 'a-1' },
      query: { page: '2' },
    },
  })
  await page.reload()
  await page.getByRole('button', { name: 'Try a sample here' }).click()
  await expect(dialog.getByLabel('Body', { exact: true })).toHaveValue('{"id": 8}')
  await expect(dialog.getByLabel('Headers')).toHaveValue('x-request-id: a-1')
  await expect(dialog.getByLabel('Query')).toHaveValue('page=2')
  await accessible(page)
  await narrow(page, 'try-webhook-kept-phone')
  await dialog.getByRole('button', { name: 'Remove the sample of webhook-1' }).click()
  await expect(dialog.getByText('Sample kept by Bo')).toHaveCount(0)
})

test('triggers of every type are switched and tell their last fires', async ({ page }) => {
  const definitions = [
    { type: 'message', when: "$contains(text, 'late')", id: 'late' },
    { type: 'api' },
    { type: 'manual' },
  ]
  const fire = (run: string | null, event: string | null, error: string | null = null) => ({
    event,
    at: NOW - 60_000,
    outcome: run ? 'started' : 'failed',
    run,
    error,
  })
  const rows = [
    { ...shown('late', 'message'), has_secret: false, last_fires: [fire(null, 'ev-1', 'the input does not fit')] },
    { ...shown('api-1', 'api'), has_secret: false, enabled: false, last_fires: [fire('r9', null)] },
    { ...shown('manual-1', 'manual'), has_secret: false },
  ]
  const calls = await mockApi(page, {
    'GET /workflows/wf1/triggers': () => ({ items: rows, next: null }),
    'GET /workflows/wf1/versions/7': { version: 7, document: { ...drawn, triggers: definitions } },
    'PATCH /workflows/wf1/triggers/manual-1': ({ enabled }: { enabled: boolean }) => {
      rows[2] = { ...rows[2], enabled } as (typeof rows)[number]
      return {}
    },
  })
  await page.goto(`${ui.url}/workflows/wf1/triggers`)
  await expect(page.getByRole('switch')).toHaveCount(3)
  await expect(page.getByText('Switched off: starts through it are refused.')).toBeVisible()
  await expect(page.getByRole('region', { name: 'Last fires of late' })).toContainText('the input does not fit')
  await expect(page.getByRole('region', { name: 'Last fires of api-1' }).getByRole('link')).toHaveAttribute(
    'href',
    '/runs/r9',
  )
  await expect(page.getByRole('button', { name: /come once more/ })).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Start a run' })).toBeVisible()
  await page.getByRole('switch', { name: 'Trigger manual-1 is switched on' }).press('Space')
  await expect(page.getByText('Switched off: nobody starts a run by hand.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Start a run' })).toHaveCount(0)
  expect(calls.find((call) => call.method === 'PATCH')?.body).toEqual({ enabled: false })
  await shoot(page, 'triggers-every-type')
  await accessible(page)
  await narrow(page, 'triggers-every-type-phone')
})

test('a start through a trigger that is off says so', async ({ page }) => {
  const off = {
    __status: 409,
    type: 'about:blank',
    title: 'Starts of this workflow are switched off',
    status: 409,
    code: 'trigger_off',
    detail: 'the trigger `manual-1` is switched off',
  }
  await open(page, { type: 'manual' }, { 'POST /runs': off })
  await page.getByRole('button', { name: 'Start a run' }).click()
  const dialog = page.getByRole('dialog', { name: 'Start a run' })
  await dialog.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(dialog.getByText('the trigger `manual-1` is switched off')).toBeVisible()
})
