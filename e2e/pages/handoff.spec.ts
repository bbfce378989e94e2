import { expect, test, type Page } from '@playwright/test'
import { checkpointDetails } from '../support/fixtures'
import { mockApi, type Answers } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const open = async (page: Page, changes: Answers = {}) => {
  const handoff = {
    ...checkpointDetails['r8.4'],
    hand_back: {
      type: 'object',
      required: ['amount', 'why'],
      properties: {
        amount: { type: 'number', title: 'Amount refunded', minimum: 0 },
        why: { type: 'string', title: 'Reason', enum: ['damaged', 'late'] },
      },
    },
  }
  await mockApi(page, { 'GET /checkpoints/r8.4': handoff, ...changes })
  await page.goto(`${ui.url}/inbox/r8.4?tab=all`)
  return handoff
}

for (const [name, viewport] of [
  ['desk', { width: 1280, height: 800 }],
  ['phone', { width: 390, height: 844 }],
] as const) {
  test.describe(name, () => {
    test.use({ viewport })

    test('a conversation goes back to the workflow once what is asked for fits', async ({ page }) => {
      const sent: unknown[] = []
      const handoff = await open(page, {
        'POST /checkpoints/r8.4/decision': (body: unknown) => {
          sent.push(body)
          return { ...handoff, status: 'decided', outcome: 'returned', decided_at: Date.now(), decided_by: null }
        },
      })
      const back = page.getByRole('button', { name: 'Return to workflow' })
      const amount = page.getByLabel('Amount refunded')
      await expect(amount).toBeVisible()
      await expect(back).toBeDisabled()
      await expect(page.getByRole('button', { name: 'solved' })).toBeDisabled()
      await expect(page.getByText('Please fill this in.')).toHaveCount(0)
      await shoot(page, `handoff-open-${name}`)
      await accessible(page)
      await amount.fill('12.5')
      await expect(back).toBeDisabled()
      await page.getByLabel('Reason').selectOption('late')
      await expect(back).toBeEnabled()
      await amount.fill('-1')
      await expect(back).toBeDisabled()
      await amount.blur()
      await expect(page.getByText('At least 0.')).toBeVisible()
      await expect(amount).toHaveAttribute('aria-invalid', 'true')
      await shoot(page, `handoff-unfit-${name}`)
      await amount.fill('12.5')
      await expect(page.getByText('At least 0.')).toHaveCount(0)
      await shoot(page, `handoff-whole-${name}`)
      const width = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(width).toBeLessThanOrEqual(0)
      await back.focus()
      await page.keyboard.press('Enter')
      await expect.poll(() => sent).toMatchObject([{ outcome: 'returned', values: { amount: 12.5, why: 'late' } }])
    })
  })
}
