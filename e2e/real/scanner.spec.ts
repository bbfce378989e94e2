import { expect, test, type APIRequestContext, type Browser, type Locator, type Page } from '@playwright/test'
import { account, startDemo, type Demo } from '../support/demo'

let demo: Demo & { sandbox: string; base_url: string }
test.beforeAll(async () => {
  demo = (await startDemo()) as typeof demo
})
test.afterAll(async () => demo?.close())

const HEADERS = { 'x-requested-with': 'countersign' }
const document = {
  schema: 1,
  name: 'Scanned',
  triggers: [{ type: 'api' }],
  start: 'ask',
  steps: {
    ask: {
      type: 'approval',
      title: 'Ask a manager',
      summary: 'Delete the archive of Ada Example?',
      approvers: { roles: ['manager'] },
      timeout: { after: '4h', outcome: 'rejected' },
      on_approve: 'yes',
      on_reject: 'no',
      on_changes: 'ask',
    },
    yes: { type: 'end' },
    no: { type: 'end', status: 'rejected' },
  },
}

/** A run that waits for the manager; its checkpoint, and the addresses in the mail about it. */
async function mailed(api: APIRequestContext): Promise<{ checkpoint: string; links: string[] }> {
  const post = async (path: string, data: object) => {
    const answer = await api.post(`${demo.base_url}/api/v1${path}`, { data, headers: HEADERS })
    expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true)
    return (await answer.json()) as { id: string }
  }
  const admin = account(demo, 'admin')
  await post('/auth/login', { email: admin.email, password: admin.password })
  const { id } = await post('/workflows', { document })
  await post(`/workflows/${id}/publish`, { message: 'first' })
  const run = await post('/runs', { workflow: id, input: {} })
  const mails = `${demo.sandbox}/_/mails?to=manager@example.com`
  let links: string[] = []
  await expect
    .poll(async () => {
      const all = (await (await api.get(mails)).json()) as { text: string }[]
      const text = all.map((mail) => mail.text).find((words) => words.includes('Delete the archive')) ?? ''
      links = text.match(/https?:\/\/\S+/g) ?? []
      return links.length
    })
    .toBe(1)
  return { checkpoint: `${run.id}.1`, links }
}

/** How a scanner sends a form: as a click would, as a script would (no `required` holds it up), by its first button. */
const WAYS = ['requestSubmit', 'submit', 'button'] as const

/** Does what leads to another page, and waits until that is there. */
async function leads(page: Page, act: () => Promise<boolean>) {
  await page.evaluate(() => window.document.body.setAttribute('data-before', ''))
  if (await act())
    await page.waitForFunction(
      () => window.document.readyState === 'complete' && !window.document.body.hasAttribute('data-before'),
    )
}

const sends = (page: Page, form: number, way: (typeof WAYS)[number]) =>
  leads(page, () =>
    page.evaluate(
      ([at, how]) => {
        const one = window.document.forms[at]
        if (!one) return false
        const sent = how === 'submit' || one.checkValidity()
        if (how === 'button') one.querySelector('button')?.click()
        else one[how]()
        return sent
      },
      [form, way] as const,
    ),
  )

const presses = (page: Page, button: Locator) =>
  leads(page, async () => {
    await button.click()
    return true
  })

/** Opens an address in a browser with scripts, presses the first button, sends every form, follows every link. */
async function scan(browser: Browser, link: string): Promise<number> {
  const context = await browser.newContext({ userAgent: 'Mozilla/5.0 (compatible; SafeLinks)' })
  const page = await context.newPage()
  const foreign: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(demo.base_url)) foreign.push(request.url())
  })
  let done = 0
  const opened = async (path: readonly [number, (typeof WAYS)[number]][]) => {
    await page.goto(link)
    for (const [form, way] of path) await sends(page, form, way)
    return page.evaluate(() => window.document.forms.length)
  }
  const first = await opened([])
  expect(first, 'there is something to press').toBeGreaterThan(0)
  await presses(page, page.getByRole('button').first())
  for (let form = 0; form < first; form++)
    for (const way of WAYS) {
      const second = await opened([[form, way]])
      done++
      for (let next = 0; next < second; next++)
        for (const then of WAYS) {
          await opened([
            [form, way],
            [next, then],
          ])
          done++
        }
    }
  // Every button of the first page, and then the first button and every form of what it leads to.
  for (const name of await page.goto(link).then(() => page.getByRole('button').allTextContents())) {
    await page.goto(link)
    await presses(page, page.getByRole('button', { name, exact: true }))
    const forms = await page.evaluate(() => window.document.forms.length)
    for (let form = 0; form < forms; form++)
      for (const way of WAYS) {
        await page.goto(link)
        await presses(page, page.getByRole('button', { name, exact: true }))
        await sends(page, form, way)
        done++
      }
  }
  for (const href of await page.goto(link).then(() => page.locator('a').evaluateAll((all) => all.map(String))))
    await page.goto(href)
  expect(foreign, 'nothing is loaded from anywhere').toEqual([])
  await context.close()
  return done
}

test('a scanner with a browser that presses and sends whatever it finds decides nothing', async ({
  browser,
  request,
}) => {
  const { checkpoint, links } = await mailed(request)
  const link = links[0] ?? ''
  const card = async () =>
    (await (await request.get(`${demo.base_url}/api/v1/checkpoints/${checkpoint}`)).json()) as {
      status: string
      held_until?: number | null
      approvals: unknown[]
      rejections: unknown[]
    }
  expect(await scan(browser, link)).toBeGreaterThan(10)
  expect(await card()).toMatchObject({ status: 'open', approvals: [], rejections: [] })
  const trail = await request.get(`${demo.base_url}/api/v1/audit?action=checkpoint.&limit=200`)
  expect(await trail.text()).not.toContain(checkpoint)

  // A person ticks the box and presses the second button of the very same page.
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } })
  await page.goto(link)
  await page.getByRole('button', { name: 'Approve …' }).click()
  await page.getByRole('checkbox').check()
  await page.getByRole('button', { name: 'Approve', exact: true }).click()
  await expect(page.getByText(/^Decided: approve by Manager Example/)).toBeVisible()
  expect(await card()).toMatchObject({ status: 'decided' })
})
