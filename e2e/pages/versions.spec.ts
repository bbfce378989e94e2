import { expect, test } from '@playwright/test'
import * as f from '../support/fixtures'
import { mockApi } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

test('who comes second with a publish sees what the other published', async ({ page }) => {
  const problem = {
    __status: 409,
    type: 'about:blank',
    title: 'Another version became active meanwhile',
    status: 409,
    code: 'active_changed',
    current: { active_version: 6, last_version: 7 },
  }
  await mockApi(page, { 'POST /workflows/wf1/publish': problem })
  await page.goto(`${ui.url}/workflows/wf1`)
  await page.getByRole('button', { name: 'Publish' }).click()
  const dialog = page.getByRole('dialog', { name: 'Publish this draft' })
  await dialog.getByLabel('What changed and why').fill('Mine')
  await dialog.getByRole('button', { name: 'Publish' }).click()
  await expect(dialog.getByText(/Somebody else published meanwhile/)).toBeVisible()
  const theirs = dialog.getByRole('region', { name: 'What they published' })
  await expect(
    theirs.getByRole('figure', { name: 'After: version 6' }).locator('.react-flow__node').first(),
  ).toBeVisible()
  await expect(dialog.getByRole('region', { name: 'Changes since the active version' })).toBeVisible()
  await accessible(page)
  await shoot(page, 'publish-conflict')
})

test('runs that need a step named are moved once it is, and unsafe ones say why they stay', async ({ page }) => {
  const item = (run: string, verdict: string, more: object) => ({
    run,
    title: 'Subscription Upgrade',
    from: 6,
    step: 'ask',
    now_at: null,
    waiting_for: 'approval',
    verdict,
    reasons: [],
    notes: [],
    candidates: [],
    moved: false,
    ...more,
  })
  const calls = await mockApi(page, {
    'POST /workflows/wf1/moves': (body: unknown) => {
      const { mapping, dry_run } = body as { mapping: Record<string, string>; dry_run: boolean }
      const named = mapping.ask === 'approve'
      return {
        items: [
          item('r1', named ? 'safe' : 'needs_mapping', {
            candidates: named ? [] : ['approve'],
            now_at: named ? 'approve' : null,
            moved: named && !dry_run,
            reasons: named
              ? []
              : [{ code: 'step_missing', message: 'there is no step `ask`: name the approval it is to wait at' }],
          }),
          item('r2', 'unsafe', {
            step: 'pay',
            reasons: [{ code: 'request_changed', message: 'what was shown for approval is not what would run there' }],
          }),
        ],
        more: false,
      }
    },
  })
  await page.goto(`${ui.url}/workflows/wf1/versions`)
  await page.getByRole('button', { name: 'More for version 7' }).click()
  await page.getByRole('menuitem', { name: 'Move waiting runs here…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Move waiting runs to version 7' })
  await expect(dialog.getByText('needs mapping')).toBeVisible()
  await expect(dialog.getByText('what was shown for approval is not what would run there')).toBeVisible()
  await expect(dialog.getByRole('button', { name: 'No run is safe to move' })).toBeDisabled()
  await accessible(page)
  await shoot(page, 'move-mapping')
  await dialog.getByLabel('Step for ask').selectOption('approve')
  await dialog.getByRole('button', { name: 'Move 1 safe run' }).click()
  await expect(dialog.getByText('1 run was moved.')).toBeVisible()
  expect(calls.findLast((call) => call.path.endsWith('/moves'))?.body).toMatchObject({
    to: 7,
    dry_run: false,
    mapping: { ask: 'approve' },
    runs: ['r1'],
  })
})

test('the list of changes is used by keyboard', async ({ page }) => {
  await mockApi(page)
  await page.goto(`${ui.url}/workflows/wf1/versions?from=6&to=7`)
  const change = page.getByRole('button', { name: /^Show .*, changed$/ })
  await change.focus()
  await page.keyboard.press('Enter')
  await expect(change).toHaveAttribute('aria-expanded', 'true')
  await expect(page.getByText('next: to approve instead of execute')).toBeVisible()
  await expect(page.getByText('/description')).toBeVisible()
})

test('a difference shows the workflow wherever it was drawn', async ({ page }) => {
  const far = (document: typeof f.document) => ({
    ...document,
    steps: Object.fromEntries(
      Object.entries(document.steps).map(([id, step], index) => [
        id,
        { ...step, position: [6000 + (index % 3) * 300, 4000 + index * 90] },
      ]),
    ),
  })
  await mockApi(page, {
    'GET /workflows/wf1/versions/6': { ...f.versions[1], document: far(f.olderDocument as typeof f.document) },
    'GET /workflows/wf1/versions/7': { ...f.versions[0], document: far(f.document) },
  })
  await page.goto(`${ui.url}/workflows/wf1/versions?from=6&to=7`)
  for (const side of ['Before: version 6', 'After: version 7']) {
    const cards = page.getByRole('figure', { name: side }).locator('.react-flow__node')
    await expect(cards.first()).toBeInViewport()
    await expect(cards.last()).toBeInViewport()
  }
})
