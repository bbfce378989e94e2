import { expect, type Browser, type Page } from '@playwright/test'
import { Api } from './api'
import type { Demo } from './demo'
import { ask, managerDesk, openItem } from './journey'

export const DISCOUNT = {
  schema: 1,
  name: 'Discount',
  triggers: [{ type: 'api' }],
  input: { type: 'object', properties: { who: { type: 'string' }, percent: { type: 'integer' } } },
  start: 'big',
  steps: {
    big: {
      type: 'condition',
      title: 'Is it a big one?',
      branches: [{ when: 'input.percent > 10', next: 'ask', label: 'over 10 %' }],
      otherwise: 'give',
    },
    ask: {
      type: 'approval',
      title: 'Ask a manager',
      summary: '{{ input.percent }} % for {{ input.who }}?',
      approvers: { roles: ['manager', 'admin'] },
      timeout: { after: '4h', outcome: 'rejected' },
      on_approve: 'give',
      on_reject: 'no',
    },
    give: {
      type: 'notify',
      title: 'Tell the customer',
      channels: ['conversation'],
      body: 'You get {{ input.percent }} %',
      next: 'yes',
    },
    yes: { type: 'end', title: 'Given', output: { percent: '{{ input.percent }}' } },
    no: { type: 'end', title: 'Not given', status: 'rejected' },
  },
}

const HELP = {
  schema: 1,
  name: 'Help by a person',
  triggers: [{ type: 'message', when: "$contains($lowercase(text), 'help')" }],
  start: 'person',
  steps: {
    person: {
      type: 'human_handoff',
      title: 'Support answers',
      team: 'support',
      note: 'Asked in the chat.',
      message: 'A colleague writes to you here.',
      outcomes: { solved: { next: 'done' } },
      timeout: { after: '4h', next: 'done' },
      next: 'done',
    },
    done: { type: 'end', title: 'Answered' },
  },
}

/**
 * A demo with something on every page: runs of several ends, approvals decided and open, a conversation with a person.
 */
export async function furnish(browser: Browser, demo: Demo, admin: Page): Promise<void> {
  const api = new Api(admin, demo.inbox)
  const [discount] = [await api.publish(DISCOUNT), await api.publish(HELP)]
  for (let percent = 1; percent <= 20; percent += 1)
    await api.start(discount, {
      input: { who: 'Grace', percent },
      customer: { email: 'grace@example.com', name: 'Grace Example' },
    })
  const desk = await managerDesk(browser, demo)
  const manager = new Api(desk, demo.inbox)
  const [first, second] = await manager.open()
  await manager.call('post', `/checkpoints/${first!.id}/decision`, { outcome: 'approved', comment: 'A good customer.' })
  await manager.call('post', `/checkpoints/${second!.id}/decision`, { outcome: 'rejected' })
  const phone = await ask(browser, demo, 'ada@example.com')
  await expect(openItem(desk, 'Ada Example')).toBeVisible()
  await desk.context().close()
  await phone.context().close()
  const other = await browser.newPage()
  await other.goto(demo.chat)
  await other.getByRole('textbox', { name: 'Write a message…' }).fill('I need help')
  await other.getByRole('button', { name: 'Send', exact: true }).click()
  await expect(other.getByText('A colleague writes to you here.')).toBeVisible()
  await other.context().close()
}
