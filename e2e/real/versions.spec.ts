import { expect, test, type Page } from '@playwright/test'
import { Api } from '../support/api'
import { account, signIn, startDemo, type Demo } from '../support/demo'
import { DISCOUNT } from '../support/seed'
import { accessible, shoot } from '../support/shots'

let demo: Demo
test.beforeAll(async () => {
  demo = await startDemo()
})
test.afterAll(async () => demo?.close())

async function more(page: Page, version: number, item: string): Promise<void> {
  await page.getByRole('button', { name: `More for version ${version}` }).click()
  await page.getByRole('menuitem', { name: item }).click()
}

test('a version from its draft to the runs that wait on it', async ({ page }) => {
  await signIn(page, demo.inbox, account(demo, 'admin'))
  await expect(page.getByRole('navigation').first()).toBeVisible()
  const base = new URL(demo.inbox).origin
  const api = new Api(page, base)
  const start = (id: string, who: string, percent: number) => api.start(id, { input: { who, percent } })
  const id = await api.publish(DISCOUNT)
  const small = await start(id, 'Ada', 5)
  const waiting = [await start(id, 'Grace', 20), await start(id, 'Barbara', 30)]
  expect([small.status, waiting[0]?.status]).toEqual(['completed', 'waiting'])

  // Everything becomes subject to approval, and the refusal is told: who waits would end elsewhere.
  const later = structuredClone(DISCOUNT)
  later.steps.big.branches[0]!.when = 'input.percent > 4'
  later.steps.ask.title = 'Ask a director'
  Object.assign(later.steps, {
    sorry: { type: 'notify', title: 'Say sorry', channels: ['conversation'], body: 'Not this time', next: 'no' },
  })
  later.steps.ask.on_reject = 'sorry'
  await api.save(id, later)

  await test.step('publish, after a back-test', async () => {
    await page.goto(`${base}/workflows/${id}`)
    await page.getByRole('button', { name: 'Publish' }).click()
    const dialog = page.getByRole('dialog', { name: 'Publish this draft' })
    await expect(dialog.getByRole('figure', { name: 'After: the draft' }).locator('.react-flow__node')).toHaveCount(6)
    await expect(dialog.getByRole('button', { name: 'Show Say sorry, added' })).toBeVisible()
    await shoot(page, 'real/publish-difference')
    await dialog.getByRole('button', { name: 'Back-test' }).click()
    const play = page.getByRole('dialog', { name: /last runs have done/ })
    await play.getByRole('button', { name: 'Play them' }).click()
    await expect(play.getByText('3 runs played: 1 would do something else', { exact: false })).toBeVisible()
    await expect(play.getByText('after big: ask instead of give')).toBeVisible()
    await shoot(page, 'real/backtest')
    await accessible(page)
    await page.keyboard.press('Escape')
    await dialog.getByLabel('What changed and why').fill('Ask from 5 % on')
    await dialog.getByRole('button', { name: 'Publish' }).click()
    await expect(page.getByText('Version 2 is published and active.')).toBeVisible()
    expect((await start(id, 'Edsger', 1)).version).toBe(2)
  })

  await test.step('roll back while runs wait, and ramp', async () => {
    await page.goto(`${base}/workflows/${id}/versions`)
    await page.getByRole('button', { name: 'Roll back to this' }).last().click()
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back to this' }).click()
    await expect(page.getByText('Version 1 is active.')).toBeVisible()
    expect((await start(id, 'Edsger', 1)).version).toBe(1)
    await more(page, 2, 'Send it a part of the new runs…')
    await page.getByLabel('Of a hundred new runs').fill('50')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await expect(page.getByText('50 % of new runs', { exact: true })).toBeVisible()
    const versions = new Set<number>()
    for (let number = 0; number < 24; number += 1) versions.add((await start(id, `p${number}`, 1)).version)
    expect([...versions].sort()).toEqual([1, 2])
    await expect(page.getByRole('list', { name: 'History' }).getByText('back to version 1')).toBeVisible()
    await expect(
      page
        .getByRole('list', { name: 'History' })
        .getByText(/in effect after [\d.]+ ms/)
        .first(),
    ).toBeVisible()
    await page.getByRole('button', { name: 'End it' }).click()
    await expect(page.getByText('50 % of new runs', { exact: true })).toHaveCount(0)
    await page.getByRole('button', { name: 'Undo' }).last().click()
    await expect(page.getByText('50 % of new runs', { exact: true })).toBeVisible()
    await shoot(page, 'real/versions')
    await page.getByRole('button', { name: 'End it' }).click()
    await expect(page.getByText('50 % of new runs', { exact: true })).toHaveCount(0)
  })

  await test.step('the difference as graphs and as text', async () => {
    await page.goto(`${base}/workflows/${id}/versions?from=1&to=2`)
    const before = page.getByRole('figure', { name: 'Before: version 1' })
    const after = page.getByRole('figure', { name: 'After: version 2' })
    await expect(before.locator('.react-flow__node')).toHaveCount(5)
    await expect(after.locator('.react-flow__node')).toHaveCount(6)
    await page.getByRole('button', { name: 'Show Say sorry, added' }).click()
    await page.getByRole('button', { name: 'Show Ask a director, changed' }).click()
    await expect(page.getByText('rejected: to sorry instead of no')).toBeVisible()
    const transform = (figure: typeof before) =>
      figure.locator('.react-flow__viewport').evaluate((element) => (element as HTMLElement).style.transform)
    await expect.poll(async () => (await transform(before)) === (await transform(after))).toBe(true)
    await shoot(page, 'real/graph-difference')
    await accessible(page)
    await page.getByRole('tab', { name: 'Text' }).click()
    await expect(page.getByRole('region', { name: 'Text difference' })).toContainText('Ask a director')
  })

  await test.step('move the waiting runs, take one batch back, move again', async () => {
    await more(page, 2, 'Move waiting runs here…')
    const dialog = page.getByRole('dialog', { name: 'Move waiting runs to version 2' })
    await expect(dialog.getByText('safe', { exact: true })).toHaveCount(2)
    await shoot(page, 'real/move-runs')
    await accessible(page)
    await dialog.getByRole('button', { name: 'Move all 2 safe runs' }).click()
    await expect(dialog.getByText('2 runs were moved.')).toBeVisible()
    expect((await api.run(waiting[0]!.id)).version).toBe(2)
    await dialog.getByRole('button', { name: 'Undo' }).click()
    await expect(dialog.getByText('2 runs are back where they were.')).toBeVisible()
    expect((await api.run(waiting[0]!.id)).version).toBe(1)
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    // One goes on as version 2 says, the other ends on the version it started with.
    await api.call('post', `/workflows/${id}/moves`, { to: 2, runs: [waiting[0]!.id] })
  })

  await test.step('the approvals they were waiting for are still theirs', async () => {
    const manager = await page.context().browser()!.newPage()
    await signIn(manager, demo.inbox, account(demo, 'manager'))
    const desk = new Api(manager, base)
    await expect(manager.getByRole('navigation').first()).toBeVisible()
    const items = await desk.open()
    for (const run of waiting) {
      const open = items.find((one) => one.id.startsWith(run.id))
      await desk.call('post', `/checkpoints/${open!.id}/decision`, { outcome: 'rejected' })
    }
    const [moved, stayed] = await Promise.all(waiting.map((run) => api.run(run.id)))
    expect([moved?.version, stayed?.version]).toEqual([2, 1])
    expect(moved?.steps.map((step) => step.step)).toEqual(['big', 'ask', 'sorry', 'no'])
    expect(stayed?.steps.map((step) => step.step)).toEqual(['big', 'ask', 'no'])
    await page.goto(`${base}/runs/${waiting[0]!.id}`)
    await page.getByRole('list', { name: 'Steps' }).getByText('Ask a manager').click()
    await expect(page.getByText('Moved from version 1 to 2 by').first()).toBeVisible()
    await shoot(page, 'real/moved-run')
    await manager.close()
  })

  await test.step('fork a draft and take it back', async () => {
    await page.goto(`${base}/workflows/${id}/versions`)
    await more(page, 1, 'Make the draft from this')
    await expect(page.getByText('The draft is version 1 now.')).toBeVisible()
    const draft = () => api.call<{ draft: typeof DISCOUNT }>('get', `/workflows/${id}`)
    expect((await draft()).draft.steps.ask.title).toBe('Ask a manager')
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(async () => (await draft()).draft.steps.ask.title).toBe('Ask a director')
  })
})
