import { expect, test, type Browser, type Page } from '@playwright/test'
import { Api } from '../support/api'
import { account, signIn, startDemo, type Demo } from '../support/demo'
import { Keyboard, Mouse, type Hands } from '../support/hands'
import { approve, ask, managerDesk, OLD_WORDS, openItem, runToTheEnd } from '../support/journey'
import { shoot } from '../support/shots'
import { archive, buildUpgrade, changeUpgrade, expectUpgrade, workflowNamed } from '../support/upgrade'

let demo: Demo
test.beforeEach(async () => {
  demo = await startDemo()
})
test.afterEach(async () => demo?.close())

test.setTimeout(600_000)

const NEW_WORDS = /Welcome to Enterprise!/

/** Version 2 is made, tried, taken back and moved to while customers wait for their approval. */
async function changeWhileRunsWait(browser: Browser, page: Page, hands: Hands, by: string): Promise<void> {
  const desk = await managerDesk(browser, demo)
  const api = new Api(desk, demo.inbox)
  const waitsFor = async (name: string) => {
    await expect(openItem(desk, name)).toBeVisible()
    const item = (await api.open()).find((one) => one.summary.startsWith(name))
    expect(item, name).toBeDefined()
    return item!.run
  }
  const grace = await ask(browser, demo, 'grace@example.com')
  const barbara = await ask(browser, demo, 'barbara@example.com')
  const runs = { grace: await waitsFor('Grace Example'), barbara: await waitsFor('Barbara Example') }
  expect([runs.grace.version, runs.barbara.version]).toEqual([1, 1])

  await changeUpgrade(hands)
  await hands.publish('Welcome them', async (dialog) => {
    await expect(dialog.getByRole('button', { name: 'Show Ask how it went, added' })).toBeVisible()
    await expect(dialog.getByRole('button', { name: 'Show Upgraded, changed' })).toBeVisible()
    await shoot(page, `real/built-by-${by}-difference`)
    await hands.backtest(async (play) => {
      await expect(play.getByText('3 runs played: 1 would do something else', { exact: false })).toBeVisible()
      await expect(play.getByText('after confirm: how_it_went instead of done')).toBeVisible()
      await shoot(page, `real/built-by-${by}-backtest`)
    })
  })
  await expect(page.getByText('Version 2 is published and active.')).toBeVisible()
  const another = await ask(browser, demo, 'customer1@example.com')
  const third = await waitsFor('Customer 1')
  expect(third.version).toBe(2)

  await hands.versions()
  await hands.rollBack(1)
  await expect(page.getByText('Version 1 is active.')).toBeVisible()
  await approve(desk, 'Customer 1')
  await expect(another.getByText(NEW_WORDS)).toBeVisible()
  await approve(desk, 'Grace Example')
  await expect(grace.getByText(OLD_WORDS)).toBeVisible()

  await hands.moveRuns(2, 'Move 1 safe run')
  await expect(page.getByText('1 run was moved.')).toBeVisible()
  await shoot(page, `real/built-by-${by}-moved`)
  await approve(desk, 'Barbara Example')
  await expect(barbara.getByText(NEW_WORDS)).toBeVisible()
  await expect(barbara.getByText('Did the upgrade go well?')).toBeVisible()
  const ended = await Promise.all([third.id, runs.grace.id, runs.barbara.id].map((id) => api.run(id)))
  expect(ended.map(({ version, status }) => [version, status])).toEqual([
    [2, 'completed'],
    [1, 'completed'],
    [2, 'completed'],
  ])
}

for (const [by, Hands] of [
  ['mouse', Mouse],
  ['keyboard', Keyboard],
] as const) {
  test(`the Subscription Upgrade is built by ${by}, published, run, and changed while runs wait`, async ({
    browser,
  }) => {
    const page = await browser.newPage({ viewport: { width: 1600, height: 1000 }, reducedMotion: 'reduce' })
    page.on('pageerror', (error) => console.log('pageerror:', error.message.slice(0, 800)))
    await signIn(page, demo.runs, account(demo, 'builder'))
    await expect(page.getByRole('heading', { name: 'Runs' })).toBeVisible()
    const example = await workflowNamed(page, 'Subscription Upgrade')
    await archive(page, example.id)

    const name = `Upgrade by ${by}`
    const hands = new Hands(page)
    await hands.create(name)
    await buildUpgrade(hands, example.draft)
    await expectUpgrade(page, name, example.draft)
    await shoot(page, `real/built-by-${by}`)
    await hands.publish(`Built by ${by}`)
    await expect(page.getByText('Version 1 is published and active.')).toBeVisible()
    await runToTheEnd(browser, demo)
    await changeWhileRunsWait(browser, page, hands, by)
  })
}
