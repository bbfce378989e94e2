import { expect, test } from '@playwright/test'
import { account, signIn, startDemo, type Demo } from '../support/demo'
import { Keyboard, Mouse } from '../support/hands'
import { runToTheEnd } from '../support/journey'
import { shoot } from '../support/shots'
import { archive, buildUpgrade, expectUpgrade, workflowNamed } from '../support/upgrade'

let demo: Demo
test.beforeEach(async () => {
  demo = await startDemo()
})
test.afterEach(async () => demo?.close())

test.setTimeout(480_000)

for (const [by, Hands] of [['mouse', Mouse], ['keyboard', Keyboard]] as const) {
  test(`the Subscription Upgrade is built by ${by}, published and run`, async ({ browser }) => {
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
  })
}
