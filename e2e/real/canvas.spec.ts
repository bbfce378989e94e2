import { expect, test, type Locator, type Page } from '@playwright/test'
import { account, signIn, startDemo, type Demo } from '../support/demo'
import { card, Mouse } from '../support/hands'
import { shoot } from '../support/shots'
import { workflowNamed } from '../support/upgrade'

let demo: Demo
test.beforeAll(async () => {
  demo = await startDemo()
})
test.afterAll(async () => demo?.close())

const NAME = 'Subscription Upgrade'

async function box(of: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  const found = await of.boundingBox()
  if (!found) throw new Error('not to be seen')
  return found
}

async function drag(page: Page, from: [number, number], to: [number, number]): Promise<void> {
  await page.mouse.move(...from)
  await page.mouse.down()
  await page.mouse.move(...to, { steps: 10 })
  await page.mouse.up()
}

const middle = async (of: Locator): Promise<[number, number]> => {
  const { x, y, width, height } = await box(of)
  return [x + width / 2, y + height / 2]
}

test('cards are gathered and doubled, a line is plugged in elsewhere, the map moves the view', async ({ page }) => {
  await page.setViewportSize({ width: 1600, height: 1000 })
  await signIn(page, demo.runs, account(demo, 'builder'))
  await page.getByRole('link', { name: 'Workflows', exact: true }).click()
  await page.getByRole('table', { name: 'Workflows' }).getByRole('link', { name: NAME, exact: true }).click()
  await new Mouse(page).open(null)
  const chosen = page.locator('.react-flow__node.selected')
  const cards = page.locator('.react-flow__node')
  const draft = async () => (await workflowNamed(page, NAME)).draft.steps
  const all = await cards.count()

  await test.step('a box drawn with Shift', async () => {
    const [above, below] = [await box(card(page, 'Check eligibility')), await box(card(page, 'Preview the cost'))]
    await page.keyboard.down('Shift')
    await drag(page, [below.x - 15, above.y - 8], [above.x + above.width + 8, below.y + below.height + 8])
    await page.keyboard.up('Shift')
    await expect(chosen).toHaveCount(2)
    await expect(card(page, 'Check eligibility')).toHaveClass(/selected/)
    await expect(card(page, 'Preview the cost')).toHaveClass(/selected/)
    await expect(page.getByRole('heading', { name: '2 steps selected' })).toBeVisible()
    expect(await page.evaluate(() => getSelection()?.toString())).toBe('')
  })

  await test.step('more and less with Ctrl', async () => {
    await card(page, 'Manager approval required').click({ modifiers: ['ControlOrMeta'] })
    await expect(chosen).toHaveCount(3)
    await card(page, 'Manager approval required').click({ modifiers: ['ControlOrMeta'] })
    await expect(chosen).toHaveCount(2)
    await shoot(page, 'real/canvas-chosen')
  })

  await test.step('doubled: the copies lead to each other', async () => {
    await page.keyboard.press('ControlOrMeta+d')
    await expect(cards).toHaveCount(all + 2)
    await expect(chosen).toHaveCount(2)
    await expect
      .poll(async () => (await draft()).eligible_2)
      .toMatchObject({ branches: [{ next: 'preview_2' }], otherwise: 'already_there' })
    expect((await draft()).preview_2).toMatchObject({ next: 'approve' })
    await page.keyboard.press('ControlOrMeta+z')
    await expect(cards).toHaveCount(all)
    await expect.poll(async () => Object.keys(await draft()).length).toBe(all)
  })

  await test.step('a line is plugged into another card', async () => {
    await new Mouse(page).open(null)
    const end = page.locator('.react-flow__edge[data-id="explain:next"] .react-flow__edgeupdater-target')
    await drag(
      page,
      await middle(end),
      await middle(card(page, 'Something went wrong').locator('.react-flow__handle.target')),
    )
    await expect.poll(async () => (await draft()).explain?.next).toBe('apologise')
    await expect(page.locator('.react-flow__edge[data-id="explain:next"]')).toHaveAttribute('aria-label', /apologise/)
    await page.keyboard.press('ControlOrMeta+z')
    await expect.poll(async () => (await draft()).explain?.next).toBe('rejected')
  })

  await test.step('the map moves the view', async () => {
    const before = await box(card(page, 'Ask who is upgrading'))
    const [x, y] = await middle(page.getByRole('img', { name: 'Map of the workflow' }))
    await drag(page, [x, y], [x + 20, y + 12])
    const after = await box(card(page, 'Ask who is upgrading'))
    expect(after.x).toBeLessThan(before.x - 20)
    expect(after.y).toBeLessThan(before.y - 12)
    expect(after.width).toBeCloseTo(before.width, 0)
  })
})
