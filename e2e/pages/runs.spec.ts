import { expect, test } from '@playwright/test'
import { dashboard, document, failedRun, runs } from '../support/fixtures'
import { mockApi } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

test('the dashboard shows its numbers, and teaches while there are none', async ({ page }) => {
  await mockApi(page)
  await page.goto(`${ui.url}/dashboard`)
  await expect(page.getByRole('img', { name: /runs over time by status/ })).toBeVisible()
  await expect(page.getByRole('table', { name: 'Failing steps' })).toContainText('timeout')
  await expect(page.getByRole('row', { name: /main stripe 212/ })).toBeVisible()
  await shoot(page, 'dashboard')
  await accessible(page)
  await page.setViewportSize({ width: 390, height: 844 })
  await shoot(page, 'phone-dashboard')
  await mockApi(page, {
    'GET /dashboard': { ...dashboard, runs: [], steps: [], approvals: [], failing: [], calls_waiting: [] },
  })
  await page.reload()
  await expect(page.getByText('Nothing to measure yet')).toBeVisible()
  await shoot(page, 'dashboard-empty')
})

test('a run that cannot be read is told, counts say that they stopped', async ({ page }) => {
  await mockApi(page, {
    'GET /runs': {
      items: runs,
      next: null,
      unreadable: [{ id: '0197a1b2-0009', started_at: 1, code: 'corrupt_data', detail: 'runs.status: nonsense' }],
    },
  })
  await page.goto(`${ui.url}/runs`)
  await expect(page.getByRole('list', { name: 'Runs that cannot be read' })).toContainText('0197a1b2-0009')
  await expect(page.getByRole('button', { name: /^Completed 10,000\+/ })).toBeVisible()
  await shoot(page, 'runs-unreadable')
  await accessible(page)
})

test('runs say what they are about, and which step failed in one that ended well', async ({ page }) => {
  const done = runs[2]
  await mockApi(page, { [`GET /runs/${done?.id}`]: { ...failedRun, ...done, steps: failedRun.steps.slice(0, 2) } })
  await page.goto(`${ui.url}/runs`)
  const row = page.getByRole('row', { name: /Order 1042/ })
  await expect(row).toContainText('with a failed step')
  await expect(row).toContainText('Tell the customer: Twilio answered 400')
  await expect(row).toContainText('Refund v2')
  await shoot(page, 'runs-cases')
  await accessible(page)
  await page.setViewportSize({ width: 390, height: 844 })
  await shoot(page, 'phone-runs-cases')
  await accessible(page)
  await row.getByRole('link', { name: 'Order 1042 · $42.60 · Ada Example' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Order 1042 · $42.60 · Ada Example')
  await expect(page.getByRole('status').filter({ hasText: 'Twilio answered 400' })).toBeVisible()
  await shoot(page, 'phone-run-case')
  await page.setViewportSize({ width: 1280, height: 800 })
  await shoot(page, 'run-case')
  await accessible(page)
})

test('a pause in the search leaves the letters to the box', async ({ page }) => {
  await mockApi(page)
  await page.goto(`${ui.url}/runs`)
  const box = page.getByLabel('Search runs')
  await box.pressSequentially('gr')
  await expect(page).toHaveURL(/text=gr$/)
  await page.keyboard.type('ace')
  await expect(page).toHaveURL(/text=grace$/)
  await expect(box).toHaveValue('grace')
  await expect(box).toBeFocused()
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await expect(box).toHaveValue('')
  await page.goBack()
  await expect(box).toHaveValue('grace')
})

test('a search that found nothing yet looks further back', async ({ page }) => {
  await mockApi(page, {
    'GET /runs': (_: unknown, query: URLSearchParams) =>
      query.get('cursor')
        ? { items: runs.slice(0, 1), next: null, unreadable: [] }
        : { items: [], next: '5.x', unreadable: [] },
  })
  await page.goto(`${ui.url}/runs?text=needle`)
  await page.getByRole('button', { name: 'Look further back' }).click()
  await expect(page.getByRole('table', { name: 'Runs' }).getByRole('link')).toHaveCount(1)
})

test('a retry shows what differs and asks before anything is done again', async ({ page }) => {
  let gone = true
  const calls = await mockApi(page, {
    'GET /workflows/wf1/versions/8': () =>
      gone
        ? {
            __status: 404,
            type: 'about:blank',
            title: 'Not found',
            status: 404,
            code: 'not_found',
            detail: 'There is no version 8.',
          }
        : { document },
    [`POST /runs/${failedRun.id}/retry`]: { ...failedRun, id: 'new', status: 'running' },
    'GET /runs/new': { ...failedRun, id: 'new', status: 'running', ended_at: null },
  })
  await page.goto(`${ui.url}/runs/${failedRun.id}`)
  await page.getByRole('button', { name: 'Retry', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox', { name: 'Version' }).selectOption('newest')
  // A version that cannot be read is told, where it would be drawn.
  await expect(dialog.getByRole('alert')).toContainText('There is no version 8.')
  gone = false
  await dialog.getByRole('button', { name: 'Try again' }).click()
  await expect(dialog.getByRole('figure', { name: 'After: version 8' })).toBeVisible()
  // Below the drawn difference every place is listed, when asked for.
  await expect(dialog.getByRole('list', { name: 'Differences between the versions' })).toBeHidden()
  await dialog.getByText('Show every change (2)').click()
  await expect(dialog.getByRole('list', { name: 'Differences between the versions' })).toContainText(
    '/steps/preview/input/price',
  )
  await shoot(page, 'run-retry-newest')
  await accessible(page)
  await expect(dialog.getByRole('button', { name: 'Go on' })).toBeDisabled()
  await dialog.getByRole('checkbox', { name: /Do “Upgrade the subscription” again/ }).check()
  await dialog.getByRole('textbox', { name: 'Variables' }).fill('{ "current_plan": "pro" }')
  await dialog.getByRole('button', { name: 'Go on' }).click()
  await expect(page).toHaveURL(/\/runs\/new$/)
  expect(calls.find((call) => call.method === 'POST')?.body).toEqual({
    step: 'execute',
    version: 'newest',
    state: { vars: { current_plan: 'pro' }, steps: {} },
    repeat: ['execute'],
  })
})

test('timings tell work, waiting and pauses apart', async ({ page }) => {
  await mockApi(page)
  await page.goto(`${ui.url}/runs/${failedRun.id}?tab=timing`)
  await expect(page.getByRole('list', { name: 'Timings', exact: true }).getByRole('listitem')).toHaveCount(
    failedRun.steps.length,
  )
  await shoot(page, 'run-timing')
  await page.getByRole('checkbox', { name: 'Cut waiting short' }).uncheck()
  await accessible(page)
})
