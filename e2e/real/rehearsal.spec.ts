import { readFileSync } from 'node:fs'
import { expect, test, type Locator, type Page } from '@playwright/test'
import { account, signIn, startDemo, type Demo } from '../support/demo'
import { ask, managerDesk, openItem } from '../support/journey'
import { accessible, shoot } from '../support/shots'
import { workflowNamed } from '../support/upgrade'

let demo: Demo
test.beforeAll(async () => {
  demo = await startDemo()
})
test.afterAll(async () => demo?.close())

const ADA = {
  verified: true,
  name: 'Ada Example',
  phone: '+15555550101',
  plan: 'pro',
  customer_id: 'cus_ada',
  subscription_id: 'sub_ada',
  subscription_item_id: 'si_ada',
}

async function enter(page: Page): Promise<void> {
  await signIn(page, demo.runs, account(demo, 'builder'))
  await page.getByRole('link', { name: 'Workflows', exact: true }).click()
  await expect(page.getByRole('table', { name: 'Workflows' })).toBeVisible()
}

async function answer(panel: Locator, action: string, output: object): Promise<void> {
  await expect(panel.getByRole('heading', { name: `${action} wants its answer` })).toBeVisible()
  await panel.getByLabel('Output (JSON)').fill(JSON.stringify(output))
  await panel.getByRole('button', { name: 'Answer', exact: true }).click()
}

/** Plays to the open approval. */
async function toApproval(panel: Locator): Promise<void> {
  await panel.getByLabel('The customer writes').fill('I want to upgrade')
  await panel.getByRole('button', { name: 'Begin' }).click()
  const form = panel.getByRole('region', { name: 'Conversation' })
  await expect(form.getByLabel(/Account e-mail/)).toHaveValue('ada@example.com')
  await form.getByRole('button', { name: 'Continue' }).click()
  await answer(panel, 'identity.verify', ADA)
  await answer(panel, 'stripe.subscription.preview', { amount_due: 4260, currency: 'usd', proration_date: 1767258000 })
  await expect(panel.getByRole('heading', { name: 'Ada Example to Enterprise, $42.60 prorated' })).toBeVisible()
}

async function keep(page: Page, panel: Locator, name: string): Promise<void> {
  await panel.getByRole('button', { name: 'Keep as a test case' }).click()
  await page.getByLabel('What it shows').fill(name)
  await page.getByRole('button', { name: 'Keep', exact: true }).click()
  await expect(page.getByText(`“${name}” is kept.`)).toBeVisible()
}

/** Replaces the draft through the text view. */
async function edit(page: Page, from: string, to: string): Promise<void> {
  await page.getByRole('tab', { name: 'YAML' }).click()
  const editor = page.getByRole('textbox', { name: /YAML|document|text/i }).first()
  await editor.click()
  const source = await page.evaluate(
    async ([a, b]) => {
      const id = location.pathname.split('/').pop()
      const yaml = await (await fetch(`/api/v1/workflows/${id}/draft.yaml`)).text()
      return yaml.replace(a as string, b as string)
    },
    [from, to],
  )
  expect(source).toContain(to)
  await page.keyboard.press('ControlOrMeta+a')
  await page.evaluate((text) => navigator.clipboard.writeText(text), source)
  await page.keyboard.press('ControlOrMeta+v')
  await page.getByRole('button', { name: 'Apply to the draft' }).click()
  await page.getByRole('tab', { name: 'Graph' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'Saved' }).first()).toBeVisible()
}

test('a template is rehearsed, kept as test cases, and a broken draft is not published', async ({ browser }) => {
  test.setTimeout(480_000)
  const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] })
  const page = await context.newPage()
  await enter(page)
  await page.getByRole('link', { name: 'Templates' }).click()
  await page
    .getByRole('list', { name: 'Templates' })
    .getByRole('link', { name: /Subscription Upgrade/ })
    .click()
  await expect(page.locator('.react-flow__node').first()).toBeVisible()
  await accessible(page)
  await shoot(page, 'real/templates')
  await page.getByLabel('Name of the workflow').fill('Upgrade rehearsed')
  await page.getByRole('button', { name: 'Use this template' }).click()
  await expect(page.getByRole('heading', { level: 1, name: /Upgrade rehearsed/ })).toBeVisible()

  await page.getByRole('button', { name: 'Rehearse' }).click()
  const panel = page.getByRole('complementary', { name: 'Rehearsal of the draft' })
  await shoot(page, 'real/rehearsal-begin')
  await toApproval(panel)
  await accessible(page)
  await shoot(page, 'real/rehearsal-approval')
  await expect(
    page.locator('.react-flow__node').filter({ hasText: 'Manager approval required' }).getByText('Waiting'),
  ).toBeVisible()

  await panel.getByRole('button', { name: 'Approve', exact: true }).click()
  await panel.getByRole('tab', { name: 'The real thing' }).click()
  await expect(panel.getByText('never called from a rehearsal')).toBeVisible()
  await shoot(page, 'real/rehearsal-call')
  await panel.getByRole('tab', { name: 'Sample', exact: true }).click()
  await answer(panel, 'stripe.subscription.update', { id: 'sub_ada', status: 'active', amount_due: 4260 })
  await expect(panel.getByText('It is over')).toBeVisible()
  await expect(panel.getByText('email to ada@example.com')).toBeVisible()
  await shoot(page, 'real/rehearsal-done')
  await keep(page, panel, 'Approved by hand')

  for (const name of ['Undo the last act', 'Undo the last act']) await panel.getByRole('button', { name }).click()
  await panel.getByRole('textbox', { name: 'Comment' }).fill('not this month')
  await panel.getByRole('button', { name: 'Reject' }).click()
  await expect(panel.getByText('not this month').first()).toBeVisible()
  await keep(page, panel, 'Rejected by hand')

  await panel.getByRole('button', { name: 'Undo the last act' }).click()
  await panel.getByRole('button', { name: 'Skip 4 hours' }).click()
  await expect(panel.getByText(/in time/).first()).toBeVisible()
  await keep(page, panel, 'Nobody decides')

  await panel.getByRole('tab', { name: 'Test cases' }).click()
  await panel.getByRole('button', { name: 'Run all on this draft' }).click()
  await expect(panel.getByLabel('Passed')).toHaveCount(8)
  await shoot(page, 'real/rehearsal-tests')
  await panel.getByRole('button', { name: 'Close the rehearsal' }).click()

  await edit(page, 'on_approve: execute', 'on_approve: explain')
  await page.getByRole('button', { name: 'Publish' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('What changed and why').fill('broken')
  await expect(dialog.getByText(/of 8 test cases fail/)).toBeVisible()
  await expect(dialog.getByText('Approved by hand')).toBeVisible()
  await dialog.getByRole('button', { name: 'Publish' }).click()
  await expect(dialog.getByRole('alert').filter({ hasText: /test cases .*fail/i })).toBeVisible()
  await accessible(page)
  await shoot(page, 'real/publish-refused')
  await page.keyboard.press('Escape')

  await edit(page, 'on_approve: explain', 'on_approve: execute')
  await page.getByRole('button', { name: 'Publish' }).click()
  await dialog.getByLabel('What changed and why').fill('mended')
  await expect(dialog.getByText('All 8 test cases pass.')).toBeVisible()
  await shoot(page, 'real/publish-tests')
  await dialog.getByRole('button', { name: 'Publish' }).click()
  await expect(page.getByText('Version 1 is published and active.')).toBeVisible()
})

test('a read is answered by the real service after a yes; a timeout is tried again', async ({ page }) => {
  await enter(page)
  await page
    .getByRole('table', { name: 'Workflows' })
    .getByRole('link', { name: 'Subscription Upgrade', exact: true })
    .click()
  await expect(page.getByRole('button', { name: 'Rehearse' })).toBeVisible()
  await page.keyboard.press('r')
  const panel = page.getByRole('complementary', { name: 'Rehearsal of the draft' })
  await panel.getByLabel('The customer writes').fill('upgrade')
  await panel.getByRole('button', { name: 'Begin' }).click()
  await panel.getByRole('button', { name: 'Continue' }).click()
  await panel.getByRole('tab', { name: 'The real thing' }).click()
  await expect(panel.getByRole('button', { name: 'Call the service' })).toBeDisabled()
  await panel.getByLabel('Yes, really call it').check()
  await panel.getByRole('button', { name: 'Call the service' }).click()
  await expect(panel.getByRole('heading', { name: 'stripe.subscription.preview wants its answer' })).toBeVisible()
  await panel.getByRole('button', { name: 'Details of Verify customer identity' }).click()
  await expect(panel.getByRole('list', { name: 'Steps' }).getByText('"cus_ada"').first()).toBeVisible()
  await page.reload()
  await expect(panel.getByRole('heading', { name: 'stripe.subscription.preview wants its answer' })).toBeVisible()
  await panel.getByRole('tab', { name: 'Timeout' }).click()
  await panel.getByRole('button', { name: 'Let it time out' }).click()
  await expect(panel.getByText('Waits to try the call again')).toBeVisible()
  await panel.getByRole('button', { name: 'Skip to the next timer' }).click()
  await expect(panel.getByText('attempt 2', { exact: true })).toBeVisible()
})

/** How the line of a way out is drawn. */
const line = (page: Page, id: string) => page.locator(`.react-flow__edge[data-id="${id}"] path.react-flow__edge-path`)

test('what a run got is answered again, and the lines taken light up', async ({ browser, page }) => {
  const desk = await managerDesk(browser, demo)
  const phone = await ask(browser, demo, 'grace@example.com')
  await expect(openItem(desk, 'Grace Example')).toBeVisible()
  await phone.context().close()
  await desk.context().close()

  await enter(page)
  await page
    .getByRole('table', { name: 'Workflows' })
    .getByRole('link', { name: 'Subscription Upgrade', exact: true })
    .click()
  const panel = page.getByRole('complementary', { name: 'Rehearsal of the draft' })
  await expect(line(page, 'verify:next')).toHaveCSS('stroke-width', '1.5px')
  await page.getByRole('button', { name: 'Rehearse' }).click()
  await panel.getByLabel('The customer writes').fill('upgrade')
  await panel.getByRole('button', { name: 'Begin' }).click()
  await panel.getByRole('button', { name: 'Continue' }).click()
  for (const action of ['identity.verify', 'stripe.subscription.preview']) {
    await expect(panel.getByRole('heading', { name: `${action} wants its answer` })).toBeVisible()
    await panel.getByRole('tab', { name: 'Recorded' }).click()
    await expect(panel.getByText('From the run of')).toBeVisible()
    if (action === 'identity.verify') await shoot(page, 'real/rehearsal-recorded')
    await panel.getByRole('button', { name: 'Answer', exact: true }).click()
  }
  await expect(panel.getByRole('heading', { name: 'Grace Example to Enterprise, $42.60 prorated' })).toBeVisible()
  const accent = await page.evaluate(() => {
    const probe = document.body.appendChild(document.createElement('i'))
    probe.style.color = 'var(--accent)'
    const { color } = getComputedStyle(probe)
    probe.remove()
    return color
  })
  for (const taken of ['ask:next', 'verify:next', 'eligible:when 1', 'preview:next']) {
    await expect(line(page, taken)).toHaveCSS('stroke', accent)
    await expect(line(page, taken)).toHaveCSS('stroke-width', '2.25px')
    await expect(line(page, taken)).toHaveCSS('opacity', '1')
  }
  for (const left of ['verify:error', 'eligible:otherwise', 'approve:approved']) {
    await expect(line(page, left)).not.toHaveCSS('stroke', accent)
    await expect(line(page, left)).toHaveCSS('opacity', '0.35')
  }
  await shoot(page, 'real/rehearsal-path')
})

test('a workflow downloaded as JSON is imported again', async ({ page }) => {
  await enter(page)
  const original = await workflowNamed(page, 'Subscription Upgrade')
  await page.goto(new URL(`/workflows/${original.id}`, demo.runs).href)
  await page.getByRole('button', { name: 'More' }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'Download JSON' }).click()
  const file = await download
  expect(file.suggestedFilename()).toBe('subscription-upgrade.json')
  const text = readFileSync(await file.path(), 'utf8')
  expect(JSON.parse(text)).toEqual(original.draft)

  // The name is taken as long as the original is there: said in place. With another one it is the same workflow again.
  await page.goto(new URL('/templates', demo.runs).href)
  const drop = page.getByRole('region', { name: 'Import a file' })
  const take = (source: string) =>
    drop
      .locator('input')
      .setInputFiles({ name: file.suggestedFilename(), mimeType: 'application/json', buffer: Buffer.from(source) })
  await take(text)
  await drop.getByRole('button', { name: 'Import' }).click()
  await expect(drop.getByRole('alert')).toContainText('already exists')
  await take(JSON.stringify({ ...JSON.parse(text), name: 'Imported from JSON' }, null, 2))
  await drop.getByRole('button', { name: 'Import' }).click()
  await expect(page.getByRole('heading', { level: 1, name: /Imported from JSON/ })).toBeVisible()
  await expect(page.locator('.react-flow__node')).toHaveCount(Object.keys(original.draft.steps).length)
  const imported = await workflowNamed(page, 'Imported from JSON')
  expect({ ...imported.draft, name: original.draft.name }).toEqual(original.draft)
  expect(imported.diagnostics).toEqual(original.diagnostics)
})

test('a file is imported with its problems by line', async ({ page }) => {
  await enter(page)
  await page.goto(new URL('/templates', demo.runs).href)
  const source = 'schema: 1\nname: Imported\nstart: done\nsteps:\n  done:\n    type: end\n  lost:\n    type: end\n'
  await page
    .getByRole('region', { name: 'Import a file' })
    .locator('input')
    .setInputFiles({ name: 'imported.yaml', mimeType: 'application/yaml', buffer: Buffer.from(source) })
  await expect(page.getByText('line 7:')).toBeVisible()
  await accessible(page)
  await shoot(page, 'real/import')
  await page
    .getByRole('region', { name: 'Import a file' })
    .getByRole('button', { name: /Import/ })
    .click()
  await expect(page.getByRole('heading', { level: 1, name: /Imported/ })).toBeVisible()
})
