import { expect, type Page } from '@playwright/test'
import type { Hands } from './hands'

type Document = Record<string, unknown> & { steps: Record<string, Record<string, unknown>> }

/** Left out where it is the default, and where cards stand is taste. */
function essence(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(essence)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(
    ([key, inner]) =>
      key !== 'position' &&
      !(key === 'quorum' && inner === 1) &&
      !(key === 'backoff' && inner === 'exponential') &&
      !(key === 'status' && inner === 'completed'),
  )
  return Object.fromEntries(kept.map(([key, inner]) => [key, essence(inner)]))
}

/** The workflow in the API by name. */
export async function workflowNamed(
  page: Page,
  name: string,
): Promise<{ id: string; draft: Document; diagnostics: { severity: string; code: string; pointer: string }[] }> {
  return page.evaluate(async (wanted) => {
    const list = (await (await fetch('/api/v1/workflows')).json()) as { items: { id: string; name: string }[] }
    const found = list.items.find((one) => one.name === wanted)
    if (!found) throw new Error(`no workflow ${wanted}`)
    return (await (await fetch(`/api/v1/workflows/${found.id}`)).json()) as never
  }, name)
}

/** Takes the workflow that came with the demo out of the way, so that the one built here answers the customer. */
export async function archive(page: Page, id: string): Promise<void> {
  const status = await page.evaluate(
    async (workflow) =>
      (
        await fetch(`/api/v1/workflows/${workflow}`, {
          method: 'DELETE',
          headers: { 'X-Requested-With': 'countersign' },
        })
      ).status,
    id,
  )
  expect(status).toBeLessThan(300)
}

const APOLOGY = 'Sorry, the upgrade could not be completed. Nobody will be charged twice; our team has been told.'

async function settings(hands: Hands, example: Document): Promise<void> {
  await hands.open(null)
  await hands.fill('Description', String(example.description))
  await hands.fill('Case', String(example.case))
  await hands.press('Remove manual')
  await hands.take('Add a trigger', 'message')
  await hands.take('Add a trigger', 'api')
  await hands.fill('The message contains any of', 'upgrade')
  for (const variable of Object.keys(example.vars as object)) {
    await hands.press('Add a variable')
    await hands.choose('Type of value_1', 'nothing yet')
    await hands.fill('Name of value_1', variable)
  }
  await hands.press('Add a value')
  await hands.fill('Name', 'email')
  await hands.choose('Type', 'E-mail')
}

async function name(hands: Hands, title: string, id: string): Promise<void> {
  await hands.fill('Title', title)
  await hands.fill('Id', id)
}

async function ending(
  hands: Hands,
  from: string,
  exit: string,
  title: string,
  id: string,
  status: string,
  message?: string,
): Promise<void> {
  await hands.addAfter(from, exit, 'End')
  await hands.fill('Title', title)
  await hands.choose('Final status', status)
  if (message) await hands.fill('Last words to the customer', message)
  await hands.fill('Id', id)
}

async function pairs(hands: Hands, group: string, values: Record<string, string>): Promise<void> {
  for (const [key, value] of Object.entries(values)) {
    await hands.press(`Add: ${group}`)
    await hands.fill(`${group}: value_1`, key)
    await hands.fill(new RegExp(`^(value_1|${key}) =$`), value)
  }
}

async function call(hands: Hands, action: string, input: Record<string, string>): Promise<void> {
  await hands.fill('Action', action)
  for (const [label, value] of Object.entries(input)) await hands.fill(new RegExp(`(?:^| )${label}$`), value)
}

async function retry(hands: Hands): Promise<void> {
  await hands.fill('Tries', '5')
  await hands.fill('First pause', '1s')
  await hands.fill('Longest pause', '1m')
}

/** Builds examples/subscription-upgrade.yaml from an empty canvas. */
export async function buildUpgrade(hands: Hands, example: Document): Promise<void> {
  const texts = (step: string) => example.steps[step] as Record<string, never>
  await settings(hands, example)

  await hands.open('Done')
  await name(hands, 'Upgraded', 'done')
  await hands.open('Upgraded')
  await hands.fill('Last words to the customer', texts('done').message)
  await hands.fill('Answer to who started it (JSON)', JSON.stringify(texts('done').output))

  await hands.addFirst('Ask the customer')
  await hands.fill('Title', 'Ask who is upgrading')
  await hands.fill('What the customer reads', texts('ask').prompt)
  await hands.fill('Label', 'Account e-mail')
  await hands.fill('Longest answer', '200')
  await hands.press('Add a field')
  await hands.fill('Label', 'What do you need Enterprise for?')
  await hands.fill('Name', 'reason')
  await hands.fill('Longest answer', '500')
  await hands.fill('Heading', 'Your account')
  await hands.fill('Text of the button', 'Continue')
  await pairs(hands, 'Fill in beforehand', texts('ask').prefill)
  await pairs(hands, 'Set variables', texts('ask').set)
  await hands.fill('Id', 'ask')
  await ending(
    hands,
    'Ask who is upgrading',
    'timeout',
    'No answer',
    'no_answer',
    'rejected',
    texts('no_answer').message,
  )
  await hands.open('Ask who is upgrading')
  await hands.fill('Give up after', '24h')

  await hands.addAfter('Ask who is upgrading', 'next', 'Call an API')
  await hands.fill('Title', 'Verify customer identity')
  await call(hands, 'identity.verify', { email: '{{ email }}' })
  await pairs(hands, 'Set variables', texts('verify').set)
  await retry(hands)
  await hands.fill('Time limit of one attempt', '10s')
  await hands.fill('Id', 'verify')
  await ending(
    hands,
    'Verify customer identity',
    'error',
    'Identity not verified',
    'not_verified',
    'rejected',
    texts('not_verified').message,
  )

  await hands.addAfter('Verify customer identity', 'next', 'If')
  await hands.fill('Title', 'Check eligibility')
  await hands.fill('When', "current_plan != 'enterprise'")
  await hands.fill('Name on the line', 'not on Enterprise yet')
  await hands.fill('Id', 'eligible')

  await hands.addAfter('Check eligibility', 'when 1', 'Call an API')
  await hands.fill('Title', 'Preview the cost')
  await call(hands, 'stripe.subscription.preview', texts('preview').input)
  await hands.fill('Time limit of one attempt', '20s')
  await hands.fill('Id', 'preview')
  await ending(hands, 'Preview the cost', 'error', 'Something went wrong', 'apologise', 'failed', APOLOGY)

  await hands.addAfter('Preview the cost', 'next', 'Approval')
  await hands.fill('Title', 'Manager approval required')
  await hands.fill('One line for the card', texts('approve').summary)
  await hands.tick('Nobody who started it or had a hand in it')
  await hands.fill('Remind after', '30m')
  await hands.fill('Id', 'approve')
  await ending(
    hands,
    'Manager approval required',
    'timeout',
    'Nobody decided in time',
    'too_late',
    'rejected',
    texts('too_late').message,
  )

  await hands.addAfter('Manager approval required', 'approved', 'Call an API')
  await hands.fill('Title', 'Execute the upgrade')
  await call(hands, 'stripe.subscription.update', texts('execute').input)
  await retry(hands)
  await hands.fill('Time limit of one attempt', '20s')
  await hands.fill('Id', 'execute')
  await hands.connect('Execute the upgrade', 'error', 'Something went wrong')
  await hands.open('Manager approval required')
  await hands.tick('Execute the upgrade')

  await hands.addAfter('Execute the upgrade', 'next', 'Tell')
  await hands.fill('Title', 'Confirm to the customer')
  await hands.take('Add a channel', 'whatsapp')
  await hands.press('Remove conversation')
  await hands.take('Add a channel', 'email')
  await hands.fill('Subject (e-mail)', texts('confirm').subject)
  await hands.fill('Message', texts('confirm').body)
  await hands.fill('Phone', '{{ phone }}')
  await hands.fill('E-mail', '{{ email }}')
  await hands.fill('Id', 'confirm')

  await hands.addAfter('Manager approval required', 'rejected', 'Tell')
  await hands.fill('Title', 'Explain the rejection')
  await hands.fill('Message', texts('explain').body)
  await hands.fill('Id', 'explain')
  await ending(hands, 'Explain the rejection', 'next', 'Rejected', 'rejected', 'rejected')
  await ending(
    hands,
    'Check eligibility',
    'otherwise',
    'Already on Enterprise',
    'already_there',
    'rejected',
    texts('already_there').message,
  )
  await hands.tidy()
}

/** The workflow built is the example, and nothing is wrong with it. */
export async function expectUpgrade(page: Page, built: string, example: Document): Promise<void> {
  await expect
    .poll(async () => essence({ ...(await workflowNamed(page, built)).draft, name: example.name }))
    .toEqual(essence(telling(example)))
  const made = await workflowNamed(page, built)
  expect(made.diagnostics.filter((one) => one.severity === 'error')).toEqual([])
}

/** The document where customers are told that they wait, as the builder puts it into what it makes. */
function telling(document: Document): Document {
  const steps = Object.entries(document.steps).map(([id, step]) => [
    id,
    step.type === 'approval' ? { ...step, waiting_message: true } : step,
  ])
  return { ...document, steps: Object.fromEntries(steps), waiting_message: true }
}

/** Version 2: other last words, and a question before them. */
export async function changeUpgrade(hands: Hands): Promise<void> {
  await hands.open('Upgraded')
  await hands.fill('Last words to the customer', 'Welcome to Enterprise!')
  await hands.addAfter('Confirm to the customer', 'next', 'Tell')
  await hands.fill('Title', 'Ask how it went')
  await hands.fill('Message', 'Did the upgrade go well?')
  await hands.fill('Id', 'how_it_went')
}
