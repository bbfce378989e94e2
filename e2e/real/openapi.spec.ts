import { expect, test, type Page } from '@playwright/test'
import { account, signIn, startDemo, type Demo } from '../support/demo'
import { Mouse } from '../support/hands'
import { accessible, shoot } from '../support/shots'

let demo: Demo
test.beforeAll(async () => {
  demo = await startDemo()
})
test.afterAll(async () => demo?.close())

/** From the file to a run that called it. */
const AT_MOST_MS = 180_000

const described = () =>
  JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'Orders', version: '1' },
    servers: [{ url: new URL('/rest', demo.phone).href }],
    paths: {
      '/orders/{number}/notes': {
        post: {
          operationId: 'addNote',
          summary: 'Add a note',
          parameters: [{ name: 'number', in: 'path', required: true, schema: { type: 'string', title: 'Number' } }],
          requestBody: {
            content: {
              'application/json': {
                schema: { type: 'object', required: ['text'], properties: { text: { type: 'string', title: 'Text' } } },
              },
            },
          },
          responses: { 200: { description: 'Noted' } },
        },
        // What is not there is told with its place; the rest comes in.
        get: { operationId: 'notes', parameters: [{ $ref: '#/components/parameters/gone' }], responses: {} },
      },
    },
  })

/** Chosen with the mouse; only words are typed. */
async function write(page: Page, label: RegExp, text: string): Promise<void> {
  const field = page.getByRole('complementary', { name: 'Settings of the step' }).getByRole('textbox', { name: label })
  await field.click()
  await expect(field).toBeFocused()
  await page.keyboard.type(text)
}

test('from an OpenAPI file to a published workflow that calls it, in under three minutes', async ({ browser }) => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await signIn(page, demo.runs, account(demo, 'admin'))
  const began = Date.now()
  await page.getByRole('link', { name: 'Connectors', exact: true }).click()
  await page.getByRole('link', { name: 'Add connector' }).click()
  const file = { name: 'orders.json', mimeType: 'application/json', buffer: Buffer.from(described()) }
  await page.locator('input[type=file]').setInputFiles(file)
  await page.getByRole('button', { name: 'Review' }).click()
  await page.getByRole('button', { name: 'Install' }).click()
  await expect(page.getByRole('heading', { name: 'orders, revision 1' })).toBeVisible()
  await expect(page.getByText(/`\$ref` #\/components\/parameters\/gone leads nowhere/)).toBeVisible()
  await shoot(page, 'real/openapi-added')

  const hands = new Mouse(page)
  await hands.create('Note on an order')
  await page.getByRole('button', { name: 'Add a step', exact: true }).click()
  await page.getByRole('option', { name: /Add a note/ }).click()
  await write(page, /^Number/, '1001')
  await write(page, /^Text/, 'called by a workflow')
  await accessible(page)
  await shoot(page, 'real/openapi-built')
  await hands.publish('It takes a note')
  await expect(page.getByText('Version 1 is published and active.')).toBeVisible()
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Start a run' }).click()
  await page.getByRole('dialog', { name: 'Start a run' }).getByRole('button', { name: 'Start' }).click()
  await expect(page.getByText('Completed').first()).toBeVisible()
  const took = Date.now() - began
  console.log(`${Math.round(took / 1000)} seconds`)
  expect(took).toBeLessThan(AT_MOST_MS)

  const calls = (await (await page.request.get(new URL('/_/calls?service=rest', demo.phone).href)).json()) as unknown
  const called = JSON.stringify(calls)
  expect(called).toContain('/rest/orders/1001/notes')
  expect(called).toContain('called by a workflow')
})
