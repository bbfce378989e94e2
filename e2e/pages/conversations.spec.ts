import { expect, test, type Page } from '@playwright/test'
import { me } from '../support/fixtures'
import { answersOf, mockApi, type Answers } from '../support/mock'
import { accessible, shoot } from '../support/shots'
import { serveUi } from '../support/static-ui'

let ui: Awaited<ReturnType<typeof serveUi>>
test.beforeAll(async () => {
  ui = await serveUi()
})
test.afterAll(() => ui.close())

const usual = answersOf()
const conversation = usual['GET /conversations/cv1'] as { messages: { position: number }[] }
const problem = (status: number, code: string, title: string) => ({
  __status: status,
  type: 'about:blank',
  status,
  code,
  title,
})

const filled = (name: string, text: string, gaps: string[] = []) => ({ id: `r-${name}`, name, text, gaps })
const REPLIES = [
  filled('address', 'Our address is Main Street 1.'),
  filled('hours', 'We are there from nine to five.'),
  filled('phone', 'Shall we call you at {{customer.phone}}?', ['customer.phone']),
  ...Array.from({ length: 12 }, (_, n) => filled(`zone-${n}`, `Zone ${n} costs ${n} EUR.`)),
]

type Sent = { body: string; client_id: string }

/** A conversation page where canned replies are ready; what is sent is told. */
async function talk(page: Page, changes: Answers = {}): Promise<Sent[]> {
  const sent: Sent[] = []
  await mockApi(page, {
    'GET /conversations/cv1/canned-replies': { items: REPLIES, next: null },
    'POST /conversations/cv1/messages': (body: unknown) => {
      sent.push(body as Sent)
      return {}
    },
    ...changes,
  })
  await page.goto(`${ui.url}/conversations/cv1`)
  return sent
}

const fits = async (page: Page) => {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect(over).toBeLessThanOrEqual(0)
}
const boxOf = (page: Page) => page.getByLabel('Reply to the customer')
const listOf = (page: Page) => page.getByRole('listbox', { name: 'Canned replies' })
const marked = (page: Page) => listOf(page).locator('[aria-selected=true]')

for (const [size, viewport] of [
  ['desk', { width: 1280, height: 800 }],
  ['phone', { width: 390, height: 844 }],
] as const) {
  test.describe(size, () => {
    test.use({ viewport })

    test('a conversation is put aside by key, found under Put aside, and brought back', async ({ page }) => {
      let snoozed: { until: number | null } | null = null
      const asked: unknown[] = []
      const now = () => ({ ...conversation, snoozed })
      const { items } = usual['GET /conversations'] as { items: object[] }
      await talk(page, {
        'GET /conversations': (_: unknown, query: URLSearchParams) => {
          const wanted = (query.get('snoozed') === 'true') === (snoozed !== null)
          return { items: wanted ? items.map((one) => ({ ...one, snoozed })) : [], next: null }
        },
        'GET /conversations/cv1': now,
        'POST /conversations/cv1/snooze': (body: unknown) => {
          asked.push(body)
          snoozed = { until: (body as { until: number | null }).until }
          return now()
        },
        'POST /conversations/cv1/wake': () => {
          snoozed = null
          return now()
        },
      })
      await expect(page.getByRole('button', { name: 'Put aside' })).toBeVisible()
      await page.keyboard.press('s')
      const dialog = page.getByRole('dialog', { name: 'Put the conversation aside' })
      await expect(dialog).toBeVisible()
      await fits(page)
      await shoot(page, `put-aside-${size}`)
      await accessible(page)
      await dialog.getByRole('button', { name: 'When they write again' }).focus()
      await page.keyboard.press('Enter')
      await expect(page.getByText('Put aside until they write')).toBeVisible()
      expect(asked).toEqual([{ until: null, seen: 3 }])

      await page.goto(`${ui.url}/conversations`)
      await expect(page.getByText('No conversation yet')).toBeVisible()
      await page.getByRole('tab', { name: 'Put aside' }).click()
      await expect(page).toHaveURL(/view=snoozed/)
      await expect(page.getByRole('link', { name: 'Ada Example' })).toBeVisible()
      await fits(page)
      await shoot(page, `put-aside-list-${size}`)
      await accessible(page)
      await page.getByRole('link', { name: 'Ada Example' }).click()
      await page.getByRole('button', { name: 'Bring it back' }).click()
      await expect(page.getByRole('button', { name: 'Put aside' })).toBeVisible()

      // By the button, until a time.
      await page.getByRole('button', { name: 'Put aside' }).click()
      await dialog.getByRole('button', { name: 'In an hour' }).click()
      await expect(dialog).toHaveCount(0)
      await expect(page.getByRole('button', { name: 'Bring it back' })).toBeVisible()
      expect((asked[1] as { until: number }).until).toBeGreaterThan(Date.now())
      await page.goto(`${ui.url}/conversations?view=snoozed`)
      await expect(page.getByText('Put aside until')).toBeVisible()
    })

    test('what the customer wrote meanwhile is read before it is put aside', async ({ page }) => {
      let wrote = false
      const more = { ...conversation.messages[0], id: 'm4', position: 4, body: 'Wait, it is urgent!' }
      await talk(page, {
        'GET /conversations/cv1': () => ({
          ...conversation,
          messages: wrote ? [...conversation.messages, more] : conversation.messages,
        }),
        'POST /conversations/cv1/snooze': (body: unknown) => {
          wrote = true
          expect(body).toMatchObject({ seen: 3 })
          return problem(409, 'messages_since', 'The customer wrote meanwhile')
        },
      })
      await page.getByRole('button', { name: 'Put aside' }).click()
      await page.getByRole('button', { name: 'Tomorrow at nine' }).click()
      await expect(page.getByText('The customer wrote meanwhile')).toBeVisible()
      await expect(page.getByRole('dialog')).toHaveCount(0)
      await expect(page.getByText('Wait, it is urgent!')).toBeVisible()
    })

    test('a canned reply is picked by slash, arrows and Enter, and nothing leaves with a gap', async ({ page }) => {
      const sent = await talk(page)
      const box = boxOf(page)
      await expect(box).toBeVisible()
      await page.keyboard.press('/')
      await expect(box).toBeFocused()
      await expect(marked(page)).toContainText('/address')
      await fits(page)
      await shoot(page, `canned-replies-${size}`)
      await accessible(page)
      // The mark stays in sight, at the end of the list as at its begin.
      await page.keyboard.press('ArrowUp')
      await expect(marked(page)).toContainText('/zone-11')
      await expect(marked(page)).toBeInViewport({ ratio: 1 })
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('ArrowDown')
      await expect(marked(page)).toContainText('/hours')
      await expect(marked(page)).toBeInViewport({ ratio: 1 })
      await page.keyboard.type('ph')
      await expect(marked(page)).toContainText('not known: customer.phone')
      await page.keyboard.press('Enter')
      await expect(box).toHaveValue('Shall we call you at {{customer.phone}}?')
      await expect(page.getByText('Fill in or take out {{customer.phone}}')).toBeVisible()
      await expect(page.getByRole('button', { name: 'Send' })).toBeDisabled()
      await page.keyboard.press('Control+Enter')
      expect(sent).toEqual([])
      await fits(page)
      await shoot(page, `canned-gap-${size}`)
      await accessible(page)
      // The gap is marked: what is typed stands in its place.
      await page.keyboard.type('030 1234')
      await expect(box).toHaveValue('Shall we call you at 030 1234?')
      await page.keyboard.press('Control+Enter')
      await expect.poll(() => sent.map(({ body }) => body)).toEqual(['Shall we call you at 030 1234?'])
      await expect(box).toHaveValue('')
    })

    test('a reply is put where the text is, left by Escape, and Shift+Tab goes back', async ({ page }) => {
      await talk(page)
      const box = boxOf(page)
      await box.fill('Hello Ada, bye.')
      await box.evaluate((area: HTMLTextAreaElement) => area.setSelectionRange(10, 10))
      await page.getByRole('button', { name: 'Pick a canned reply' }).click()
      await expect(listOf(page)).toBeVisible()
      await page.keyboard.press('Escape')
      await expect(box).toHaveValue('Hello Ada, bye.')
      await expect(listOf(page)).toHaveCount(0)
      await page.getByRole('button', { name: 'Pick a canned reply' }).click()
      await page.keyboard.type('hou')
      await expect(marked(page)).toContainText('/hours')
      await page.keyboard.press('Tab')
      await expect(box).toHaveValue('Hello Ada, We are there from nine to five. bye.')
      await box.fill('/')
      await expect(marked(page)).toBeVisible()
      await page.keyboard.press('Shift+Tab')
      await expect(box).not.toBeFocused()
      await expect(box).toHaveValue('/')
      // The list has the same keys.
      await expect(listOf(page)).toBeFocused()
      await page.keyboard.press('ArrowDown')
      await expect(marked(page)).not.toContainText('/address')
      await page.keyboard.press('Enter')
      await expect(box).not.toHaveValue('/')
      await expect(box).toBeFocused()
    })

    test('Enter that ends the writing of a sign picks nothing', async ({ page }) => {
      await talk(page)
      const box = boxOf(page)
      await box.fill('/h')
      await expect(marked(page)).toBeVisible()
      await box.dispatchEvent('keydown', { key: 'Enter', isComposing: true })
      await expect(box).toHaveValue('/h')
      await box.press('Enter')
      await expect(box).toHaveValue('We are there from nine to five.')
    })

    test('without canned replies the words are sent as they are, and why there are none is said', async ({ page }) => {
      const sent = await talk(page, {
        'GET /conversations/cv1/canned-replies': problem(403, 'forbidden', 'You may not do this'),
      })
      await boxOf(page).fill('/refund')
      await expect(page.getByRole('alert')).toContainText('could not be read. You may not do this')
      await fits(page)
      await accessible(page)
      await page.keyboard.press('Control+Enter')
      await expect.poll(() => sent.map(({ body }) => body)).toEqual(['/refund'])
    })

    test('a second press after a failed answer sends the same message, and what is typed meanwhile stays', async ({
      page,
    }) => {
      const sent: Sent[] = []
      await talk(page, {
        'POST /conversations/cv1/messages': (body: unknown) => {
          sent.push(body as Sent)
          return sent.length === 1 ? problem(503, 'busy', 'The server is busy') : {}
        },
      })
      const box = boxOf(page)
      await box.fill('We will look.')
      await page.getByRole('button', { name: 'Send' }).click()
      await expect(page.getByText('The server is busy')).toBeVisible()
      await expect(box).toHaveValue('We will look.')
      await page.getByRole('button', { name: 'Send' }).click()
      await expect(box).toHaveValue('')
      await box.fill('We will look.')
      await page.getByRole('button', { name: 'Send' }).click()
      await expect.poll(() => sent.length).toBe(3)
      expect(sent[1]).toEqual(sent[0])
      expect(sent[2]?.client_id).not.toBe(sent[0]?.client_id)

      // The answer is held back until more was typed.
      let answer = () => {}
      const held = new Promise<void>((done) => (answer = done))
      await page.route('**/conversations/cv1/messages', async (route) => {
        await held
        await route.fulfill({ json: {} })
      })
      await expect(box).toHaveValue('')
      await box.fill('One moment')
      await page.keyboard.press('Control+Enter')
      await expect(page.getByRole('button', { name: 'Send' })).toBeDisabled()
      await box.fill('One moment, and another thing')
      answer()
      await expect(page.getByRole('button', { name: 'Send' })).toBeEnabled()
      await expect(box).toHaveValue('One moment, and another thing')
    })

    test('earlier messages come in front and the reader stays where they are', async ({ page }) => {
      const said = (position: number) => ({
        id: `m${position}`,
        position,
        at: Date.now() - (1000 - position) * 1000,
        author: { kind: position % 2 ? 'customer' : 'operator', name: 'Somebody' },
        body: `Message number ${position}.`,
      })
      const span = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => said(from + index))
      const asked: (string | null)[] = []
      await talk(page, {
        'GET /conversations/cv1': (_: unknown, query: URLSearchParams) => {
          const before = query.get('before')
          if (before !== null) asked.push(before)
          return before === null
            ? { ...conversation, messages: span(41, 100), has_older: true }
            : { ...conversation, messages: span(1, 40), has_older: false }
        },
      })
      await expect(page.getByText('Message number 100.')).toBeInViewport()
      const more = page.getByRole('button', { name: 'Earlier messages' })
      await more.scrollIntoViewIfNeeded()
      const read = page.getByText('Message number 41.')
      const place = async () => (await read.boundingBox())?.y ?? NaN
      await expect(read).toBeInViewport()
      const before = await place()
      await shoot(page, `earlier-messages-${size}`)
      await accessible(page)
      await more.focus()
      await page.keyboard.press('Enter')
      await expect(page.getByText('Message number 40.')).toBeVisible()
      await expect(more).toHaveCount(0)
      // The button above it is gone; what was read stands where it stood.
      expect(Math.abs((await place()) - before)).toBeLessThan(2)
      expect(asked).toEqual(['41'])
      await expect(page.getByRole('region', { name: 'Conversations' })).toBeFocused()
      await expect(page.getByText('Message number 1.', { exact: true })).toBeAttached()
    })

    test('administrators keep the canned replies', async ({ page }) => {
      let items = [{ id: 'r1', name: 'hours', body: 'From nine to five.', updated_at: 1 }]
      const calls = await mockApi(page, {
        'GET /canned-replies': () => ({ items, next: null }),
        'POST /canned-replies': (body: unknown) => {
          items = [...items, { ...(body as { name: string; body: string }), id: 'r2', updated_at: 2 }]
          return items[1]
        },
        'PUT /canned-replies/r1': (body: unknown) => {
          items = items.map((one) => (one.id === 'r1' ? { ...one, ...(body as object) } : one))
          return items[0]
        },
        'DELETE /canned-replies/r1': () => {
          items = items.filter((one) => one.id !== 'r1')
          return {}
        },
      })
      await page.goto(`${ui.url}/conversations?view=replies`)
      const list = page.getByRole('list', { name: 'Canned replies' })
      await page.getByRole('button', { name: 'Add a canned reply' }).click()
      await expect(page.getByText('Type / and the first letters to use it.')).toBeVisible()
      await page.getByLabel('Short name').fill('hello')
      await page.getByLabel('Text', { exact: true }).fill('Hello {{customer.name}}')
      await shoot(page, `canned-edit-${size}`)
      await accessible(page)
      await page.keyboard.press('Tab')
      await page.getByRole('button', { name: 'Save' }).click()
      await expect(list.getByText('/hello')).toBeVisible()
      await list.getByRole('button', { name: 'Change hours' }).focus()
      await page.keyboard.press('Enter')
      await page.getByLabel('Text', { exact: true }).fill('From nine to six.')
      await page.getByRole('button', { name: 'Save' }).click()
      await expect(list.getByText('From nine to six.')).toBeVisible()
      await fits(page)
      await shoot(page, `canned-kept-${size}`)
      await accessible(page)
      await list.getByRole('button', { name: 'Remove hours' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
      await expect(list.getByText('/hours')).toHaveCount(0)
      const written = calls.filter((call) => call.method !== 'GET' && call.path.startsWith('/canned-replies'))
      expect(written.map((call) => [call.method, call.path, call.body])).toEqual([
        ['POST', '/canned-replies', { name: 'hello', body: 'Hello {{customer.name}}' }],
        ['PUT', '/canned-replies/r1', { name: 'hours', body: 'From nine to six.' }],
        ['DELETE', '/canned-replies/r1', null],
      ])
    })

    test('operators read the canned replies and change none', async ({ page }) => {
      await mockApi(page, {
        'GET /auth/me': { ...me, role: 'operator' },
        'GET /canned-replies': {
          items: [{ id: 'r1', name: 'hours', body: 'From nine to five.', updated_at: 1 }],
          next: null,
        },
      })
      await page.goto(`${ui.url}/conversations?view=replies`)
      await expect(page.getByText('From nine to five.')).toBeVisible()
      await expect(page.getByRole('button', { name: /canned reply|hours/ })).toHaveCount(0)
    })

    test('a handoff is answered with the same box: canned replies, gaps and key', async ({ page }) => {
      const sent: Sent[] = []
      await mockApi(page, {
        'GET /conversations/cv1/canned-replies': { items: REPLIES, next: null },
        'POST /conversations/cv1/messages': (body: unknown) => {
          sent.push(body as Sent)
          return {}
        },
      })
      await page.goto(`${ui.url}/inbox/r8.4?tab=all`)
      const box = boxOf(page)
      await box.fill('/phone')
      await expect(marked(page)).toContainText('/phone')
      await page.keyboard.press('Enter')
      await expect(page.getByRole('button', { name: 'Send' })).toBeDisabled()
      await shoot(page, `handoff-reply-${size}`)
      await accessible(page)
      await box.fill('Hello')
      await page.keyboard.press('Enter')
      await expect(box).toHaveValue('Hello\n')
      expect(sent).toEqual([])
      await page.keyboard.press('Control+Enter')
      await expect.poll(() => sent.map(({ body }) => body)).toEqual(['Hello'])
      await fits(page)
    })
  })
}
