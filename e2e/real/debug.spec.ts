import { readFileSync } from 'node:fs'
import { expect, test, type APIRequestContext, type Page } from '@playwright/test'
import { account, signIn, startDemo, type Demo } from '../support/demo'
import { accessible, setTheme, shoot } from '../support/shots'

let demo: Demo
let page: Page
test.describe.configure({ mode: 'serial' })
test.beforeAll(async ({ browser }) => {
  demo = await startDemo()
  page = await (
    await browser.newContext({
      viewport: { width: 1440, height: 900 },
      acceptDownloads: true,
      locale: 'en-GB',
      timezoneId: 'UTC',
    })
  ).newPage()
  await signIn(page, demo.runs, account(demo, 'admin'))
  await expect(page.getByRole('heading', { level: 1, name: 'Runs' })).toBeVisible()
})
test.afterAll(async () => {
  await page?.context().close()
  await demo?.close()
})

const headers = { 'X-Requested-With': 'countersign' }
const check = {
  schema: 1,
  name: 'Check a customer',
  triggers: [{ type: 'api' }],
  vars: { email: 'ada@example.com', plan: null },
  start: 'greet',
  steps: {
    greet: {
      type: 'notify',
      title: 'Greet by e-mail',
      channels: ['email'],
      subject: 'Hello',
      body: 'Hello {{ customer.name }}',
      next: 'verify',
    },
    verify: {
      type: 'tool_call',
      title: 'Verify the customer',
      action: 'identity.verify',
      input: { email: '{{ email }}' },
      set: { plan: '{{ output.plan }}' },
      retry: { attempts: 2, initial: '1s' },
      next: 'ask',
    },
    ask: {
      type: 'approval',
      title: 'Ask a manager',
      summary: 'Go on with {{ plan }}?',
      approvers: { roles: ['manager'] },
      timeout: { after: '4h', outcome: 'rejected' },
      on_approve: 'done',
      on_reject: 'no',
    },
    done: { type: 'end', output: { plan: '{{ plan }}' } },
    no: { type: 'end', status: 'rejected' },
  },
}

async function post<T>(api: APIRequestContext, path: string, data: object): Promise<T> {
  const answer = await api.post(new URL(`/api/v1${path}`, demo.runs).href, { headers, data })
  expect(answer.ok(), await answer.text()).toBe(true)
  return (await answer.json()) as T
}

async function status(id: string): Promise<string> {
  const answer = await page.request.get(new URL(`/api/v1/runs/${id}`, demo.runs).href)
  return ((await answer.json()) as { status: string }).status
}

const start = (email = 'ada@example.com') =>
  post<{ id: string }>(page.request, '/runs', { workflow: check.name, customer: { email, name: email.split('@')[0] } })

/** Saves a page as it looks on a phone, in both themes. */
async function shootPhone(name: string): Promise<void> {
  await page.setViewportSize({ width: 390, height: 844 })
  await shoot(page, name)
  await page.setViewportSize({ width: 1440, height: 900 })
}

test('a failed run is debugged, corrected and goes on', async ({ browser }) => {
  const workflow = await post<{ id: string }>(page.request, '/workflows', { document: check })
  await post(page.request, `/workflows/${workflow.id}/publish`, { message: 'first' })
  // The identity service fails for Ada, and for nobody else.
  const faults = new URL('/_/faults', demo.phone).href
  expect(
    (
      await page.request.post(faults, {
        data: { service: 'identity', contains: 'ada@example.com', kind: 'fail', status: 503, times: 100 },
      })
    ).status(),
  ).toBe(201)
  const { id } = await start()
  await expect.poll(() => status(id), { timeout: 30_000 }).toBe('failed')

  await page.goto(new URL(`/runs/${id}`, demo.runs).href)
  const steps = page.getByRole('list', { name: 'Steps' })
  await expect(page.getByRole('group', { name: 'Error' }).first()).toContainText('What to do:')
  await steps.getByRole('button', { name: 'Details of Verify the customer' }).click()
  await steps.getByRole('button', { name: 'Show requests and responses' }).click()
  await expect(steps.getByRole('list', { name: 'Requests sent' })).toContainText('/identity/verify')
  await expect(page.getByText('identity_test')).toHaveCount(0)
  await shoot(page, 'real/run-failed')
  await shootPhone('real/run-failed-phone')

  await page.getByRole('tab', { name: 'Timings' }).click()
  await expect(page.getByRole('list', { name: 'Timings', exact: true }).getByRole('link')).toHaveCount(2)
  await shoot(page, 'real/run-timing')
  await accessible(page)
  await page.getByRole('list', { name: 'Timings', exact: true }).getByRole('link').nth(1).focus()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`/runs/${id}#step-2$`))
  await expect(steps.getByRole('button', { name: 'Details of Verify the customer' })).toHaveAttribute(
    'aria-expanded',
    'true',
  )

  // By keyboard alone to the point at which the call was sent.
  await page.keyboard.press('d')
  await expect(page.getByRole('slider', { name: 'Point of the run' })).toBeVisible()
  const points = page.getByRole('list', { name: 'Points of the run' })
  const last = Number(await page.getByRole('slider').getAttribute('max'))
  await page.keyboard.press('k')
  await expect(page).toHaveURL(new RegExp(`point=${last - 1}`))
  await page.keyboard.press('ArrowLeft')
  await expect(page).toHaveURL(new RegExp(`point=${last - 2}`))
  await page.keyboard.press('j')
  await expect(page).toHaveURL(new RegExp(`point=${last - 1}`))
  await points
    .getByRole('button', { name: /Step completed/ })
    .first()
    .click()
  await expect(page.getByRole('list', { name: 'Changes' })).toBeVisible()
  const box = page.getByRole('textbox', { name: 'Evaluate an expression at this point' })
  await box.fill("$substringBefore(email, '@')")
  const result = page.getByRole('region', { name: 'Result' })
  await expect(result).toContainText('"ada"')
  await box.fill('steps.verify.output')
  await expect(result).toContainText('leads nowhere')
  await box.fill('1 +')
  await expect(result).toContainText('expression_parse')
  await page.getByRole('group', { name: 'State' }).getByRole('button', { name: 'email', exact: true }).first().click()
  await expect(box).toHaveValue('email')
  await expect(result).toContainText('ada@example.com')
  await page.getByRole('combobox', { name: 'Compare with' }).selectOption({ label: 'Before the start' })
  await expect(page.getByRole('list', { name: 'Changes' })).toContainText('/vars/email')
  await shoot(page, 'real/run-debug')
  await shootPhone('real/run-debug-phone')
  await accessible(page)
  await page.reload()
  await expect(page.getByRole('combobox', { name: 'Compare with' })).toHaveValue('0')

  // What was sent already is not sent again unasked.
  await page.getByRole('button', { name: 'Retry', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Retry this run' })
  await dialog.getByRole('combobox', { name: 'From step' }).selectOption('greet')
  await expect(dialog.getByText('Do “Greet by e-mail” again')).toBeVisible()
  await expect(dialog.getByRole('button', { name: 'Go on' })).toBeDisabled()
  await shoot(page, 'real/run-retry')
  await accessible(page)
  await dialog.getByRole('combobox', { name: 'From step' }).selectOption('verify')
  await expect(dialog.getByText('Do “Greet by e-mail” again')).toHaveCount(0)
  const vars = dialog.getByRole('textbox', { name: 'Variables' })
  await vars.fill('{ "email": ')
  await expect(dialog.getByText('This is no JSON object.')).toBeVisible()
  await vars.fill('{ "email": "grace@example.com", "plan": null }')
  await dialog.getByRole('button', { name: 'Go on' }).click()
  await expect(dialog).toBeHidden()
  await expect(page.getByText('waiting for approval').first()).toBeVisible()
  const desk = await (await browser.newContext({ locale: 'en-GB' })).newPage()
  await signIn(desk, demo.inbox, account(demo, 'manager'))
  await desk
    .getByRole('list', { name: 'Open items' })
    .getByText(/^Go on with/)
    .click()
  await desk.getByRole('textbox', { name: 'Comment' }).fill('Known since long.')
  await desk.getByRole('button', { name: 'Approve' }).click()
  await expect(desk.getByText(/^Approved/).first()).toBeVisible()
  await desk.context().close()
  await expect.poll(() => status(id)).toBe('completed')
  await expect(page.getByText('Completed').first()).toBeVisible()

  // Who decided, when, by which way, and what was in front of them.
  const decided = steps
    .getByRole('listitem')
    .filter({ has: page.getByRole('button', { name: 'Details of Ask a manager' }) })
  await expect(decided).toContainText('approved by Manager Example via portal')
  await decided.getByRole('button', { name: 'Details of Ask a manager' }).click()
  await expect(decided.getByText('Manager Example via portal', { exact: true })).toBeVisible()
  await expect(decided.getByText('Known since long.', { exact: true })).toBeVisible()
  const at = await decided.locator('time').first().getAttribute('datetime')
  expect(Math.abs(Date.now() - Date.parse(at ?? ''))).toBeLessThan(60_000)
  await decided.getByText('What the person saw').click()
  const saw = decided.getByRole('group', { name: 'What the person saw' })
  await expect(saw).toContainText('"Go on with pro?"')
  await shoot(page, 'real/run-decided')
  await accessible(page)
  await page.getByRole('tab', { name: 'Debug' }).click()
  await expect(points.getByRole('button', { name: /Taken up again/ })).toBeVisible()
})

test('many runs are found, kept as a view, exported and stopped', async () => {
  expect((await page.request.delete(new URL('/_/faults', demo.phone).href)).status()).toBe(204)
  for (let index = 0; index < 3; index += 1) await start('grace@example.com')
  await page.goto(new URL('/runs', demo.runs).href)
  const rows = page.getByRole('table', { name: 'Runs' }).getByRole('link')
  await page.getByRole('searchbox', { name: 'Search runs' }).fill('grace')
  await expect(rows).toHaveCount(3)
  await expect(page).toHaveURL(/text=grace/)
  await page.getByRole('button', { name: /^Waiting/ }).click()
  await expect(rows).toHaveCount(3)
  await page.getByRole('button', { name: 'More filters' }).click()
  await page.getByRole('textbox', { name: 'Step id' }).fill('ask')
  await page.getByRole('textbox', { name: 'Step id' }).press('Enter')
  await expect(page).toHaveURL(/step=ask/)
  await expect(rows).toHaveCount(3)

  await page.getByRole('button', { name: 'Views' }).click()
  await page.getByRole('menuitem', { name: 'Save this view…' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('Grace waits')
  await page.keyboard.press('Enter')
  await expect(page.getByText('The view “Grace waits” was saved.')).toBeVisible()
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await expect(rows).not.toHaveCount(3)
  await page.getByRole('button', { name: 'Views' }).click()
  await page.getByRole('menuitem', { name: 'Grace waits' }).click()
  await expect(page).toHaveURL(/step=ask/)
  await expect(rows).toHaveCount(3)

  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export' }).click()
  await page.getByRole('menuitem', { name: 'Export as CSV' }).click()
  const lines = readFileSync(await (await download).path(), 'utf8')
    .trim()
    .split('\r\n')
  expect(lines).toHaveLength(4)
  expect(lines[0]).toMatch(/^id,workflow,/)

  // By keyboard: to the first row, tick it and the next.
  await page.keyboard.press('j')
  await expect(rows.first()).toBeFocused()
  await page.keyboard.press('x')
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await expect(page.getByRole('toolbar', { name: 'With the selected runs' })).toContainText('2 selected')
  await shoot(page, 'real/runs-selected')
  await shootPhone('real/runs-selected-phone')
  await accessible(page)
  await page.keyboard.press('Shift+Delete')
  await page.getByRole('dialog').getByRole('textbox', { name: 'Reason' }).fill('a test')
  await page.keyboard.press('Enter')
  await expect(page.getByText('Done for 2 of 2.')).toBeVisible()
  await shoot(page, 'real/runs-bulk-done')
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
  await expect(rows).toHaveCount(1)
  // By mouse: the rest.
  await page.getByRole('checkbox', { name: 'Select all that are shown' }).check()
  await page.getByRole('button', { name: 'Cancel runs' }).click()
  await page.getByRole('button', { name: 'Cancel 1' }).click()
  await expect(page.getByText('Done for 1 of 1.')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByText('No run matches')).toBeVisible()
})

test('counts are live, and runs are found by version, error, customer and time', async () => {
  await page.goto(new URL('/runs', demo.runs).href)
  const table = page.getByRole('table', { name: 'Runs' })
  const rows = table.getByRole('link')
  const all = page.getByRole('button', { name: /^All \d/ })
  const before = Number((await all.innerText()).replace(/\D/g, ''))
  await page.evaluate(() => Object.assign(window, { stayed: true }))
  await start('frances@example.com')
  await expect(all).toHaveText(`All${before + 1}`)
  await expect(rows).toHaveCount(before + 1)
  expect(await page.evaluate(() => 'stayed' in window)).toBe(true)

  const { items } = (await (await page.request.get(new URL('/api/v1/workflows', demo.runs).href)).json()) as {
    items: { id: string; name: string }[]
  }
  const { id } = items.find((one) => one.name === check.name)!
  await post(page.request, `/workflows/${id}/publish`, { message: 'second' })
  await start('barbara@example.com')
  const filters = page.getByRole('group', { name: 'More filters' })
  await page.getByRole('button', { name: 'More filters' }).click()
  const remove = (label: string) => page.getByRole('button', { name: `Remove the filter ${label}` }).click()
  await filters.getByLabel('Version').fill('2')
  await filters.getByLabel('Version').press('Enter')
  await expect(page).toHaveURL(/version=2/)
  await expect(rows).toHaveCount(1)
  await expect(table).toContainText('barbara')
  await remove('Version: 2')
  await expect(rows).toHaveCount(before + 2)

  await filters.getByLabel('Customer').pressSequentially('franc')
  await filters.getByRole('option', { name: /frances/ }).click()
  await expect(page).toHaveURL(/customer=/)
  await expect(rows).toHaveCount(1)
  await remove('Customer: frances')
  await expect(rows).toHaveCount(before + 2)

  await filters.getByLabel('Started before').fill('2020-01-01T00:00')
  await expect(page).toHaveURL(/before=/)
  await expect(page.getByText('No run matches')).toBeVisible()
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await page.getByLabel('Started', { exact: true }).first().selectOption('Last hour')
  await expect(page).toHaveURL(/after=/)
  await expect(rows).toHaveCount(before + 2)
  await page.getByRole('button', { name: 'Clear filters' }).click()
})

test('failed runs are found by their error and retried together', async () => {
  const faults = new URL('/_/faults', demo.phone).href
  expect(
    (
      await page.request.post(faults, {
        data: { service: 'identity', contains: 'ada@example.com', kind: 'fail', status: 503, times: 100 },
      })
    ).status(),
  ).toBe(201)
  const runs = [await start('barbara@example.com'), await start('barbara@example.com')]
  for (const run of runs) await expect.poll(() => status(run.id), { timeout: 30_000 }).toBe('failed')
  expect((await page.request.delete(faults)).status()).toBe(204)
  await page.goto(new URL('/runs', demo.runs).href)
  const rows = page.getByRole('table', { name: 'Runs' }).getByRole('link')
  await page.getByRole('button', { name: 'More filters' }).click()
  const code = page.getByRole('group', { name: 'More filters' }).getByLabel('Error code')
  await code.fill('http_404')
  await code.press('Enter')
  await expect(page.getByText('No run matches')).toBeVisible()
  const { error_code } = (await (
    await page.request.get(new URL(`/api/v1/runs/${runs[0]?.id}`, demo.runs).href)
  ).json()) as { error_code: string }
  await code.fill(error_code)
  await code.press('Enter')
  await expect(rows).toHaveCount(2)
  await page.getByRole('checkbox', { name: 'Select all that are shown' }).check()
  await page.getByRole('toolbar', { name: 'With the selected runs' }).getByRole('button', { name: 'Retry' }).click()
  const dialog = page.getByRole('dialog', { name: 'Retry 2 runs' })
  await dialog.getByRole('button', { name: 'Retry 2' }).click()
  await expect(dialog.getByText('Done for 2 of 2.')).toBeVisible()
  await shoot(page, 'real/runs-bulk-retried')
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  for (const run of runs) await expect.poll(() => status(run.id), { timeout: 30_000 }).toBe('waiting')
  await expect(page.getByText('No run matches')).toBeVisible()
})

test('a run that took place is kept as a test case and passes', async () => {
  const { id } = await start('grace@example.com')
  await expect.poll(() => status(id), { timeout: 30_000 }).toBe('waiting')
  const cancel = await page.request.post(new URL(`/api/v1/runs/${id}/cancel`, demo.runs).href, {
    headers,
    data: { reason: 'a test' },
  })
  expect(cancel.ok(), await cancel.text()).toBe(true)
  await page.goto(new URL(`/runs/${id}`, demo.runs).href)
  await expect(page.getByText('Cancelled').first()).toBeVisible()

  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Copy as test case…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Copy as test case' })
  const name = dialog.getByRole('textbox', { name: 'Name' })
  await expect(name).toHaveValue(`${check.name} · ${id.slice(-8)}`)
  await expect(dialog.getByText('The data of this run is copied as it is')).toBeVisible()
  await shoot(page, 'real/run-test-case')
  await accessible(page)
  await name.fill('Grace is stopped')
  await page.keyboard.press('Enter')
  await expect(dialog.getByText('“Grace is stopped” is a test case of this workflow now.')).toBeVisible()
  await dialog.getByRole('button', { name: 'Close' }).last().click()

  // The name is taken now: said in place, and nothing is lost.
  await page.keyboard.press('t')
  await name.fill('Grace is stopped')
  await dialog.getByRole('button', { name: 'Keep as test case' }).click()
  await expect(dialog.getByRole('alert')).toContainText('there is a test case `Grace is stopped` already')
  await name.fill('Grace is stopped again')
  await dialog.getByRole('button', { name: 'Keep as test case' }).click()
  await dialog.getByRole('link', { name: 'Open the tests' }).click()
  await expect(page).toHaveURL(/rehearse=/)
  const tests = page.getByRole('list', { name: 'Test cases' })
  await expect(tests.getByText('Grace is stopped', { exact: true })).toBeVisible()
  await page.getByRole('button', { name: 'Run all on this draft' }).click()
  await expect(tests.getByLabel('Passed')).toHaveCount(2)
})

test('the dashboard tells how it went', async () => {
  await page.keyboard.press('g')
  await page.keyboard.press('d')
  await expect(page.getByRole('heading', { name: 'Runs by status' })).toBeVisible()
  await expect(page.getByRole('table', { name: 'Time per step' })).toContainText('Verify the customer')
  await expect(page.getByRole('table', { name: 'Waiting for approvals' })).toContainText('Ask a manager')
  await page.getByText('As a table').click()
  await shoot(page, 'real/dashboard')
  await accessible(page)
  await page.getByRole('combobox', { name: 'Period' }).selectOption('7')
  await expect(page).toHaveURL(/days=7/)
  await setTheme(page, 'light')
})

test('what goes wrong is ordered on the page of phones, and is over when it was met', async () => {
  await page.goto(demo.phone as string)
  const faults = page.locator('#faults')
  await faults.getByText('What goes wrong').click()
  await faults.getByLabel('Service').selectOption('Identity')
  await faults.getByLabel('What goes wrong', { exact: true }).selectOption('fail')
  await faults.getByLabel('How many times').fill('2')
  await faults.getByRole('button', { name: 'Order' }).click()
  await expect(faults.getByRole('listitem')).toHaveText(['Identity answers with an error, 2 times'])
  await shoot(page, 'real/sandbox-faults')
  await accessible(page)
  await page.setViewportSize({ width: 390, height: 844 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
  await page.setViewportSize({ width: 1440, height: 900 })
  const { id } = await start()
  await expect.poll(() => status(id), { timeout: 30_000 }).toBe('failed')
  await expect(faults.getByRole('listitem')).toHaveCount(0)
  await faults.getByLabel('What goes wrong', { exact: true }).selectOption('drop_after')
  await faults.getByRole('button', { name: 'Order' }).click()
  await expect(faults.getByRole('listitem')).toHaveCount(1)
  await faults.getByRole('button', { name: 'All is well again' }).click()
  await expect(faults.getByRole('listitem')).toHaveCount(0)
})
