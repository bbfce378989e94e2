import { expect, test } from 'vitest'
import { answersBefore } from './answers'
import type { WorkflowDocument } from './document'

const form = (title: string) => ({
  type: 'object',
  properties: { no: { type: 'string', title }, days: { type: 'integer' } },
})
const document: WorkflowDocument = {
  schema: 1,
  name: 'x',
  start: 'ask',
  steps: {
    ask: { type: 'collect_form', form: form('Order number'), next: 'which' },
    which: { type: 'condition', branches: [{ when: 'true', next: 'other' }], otherwise: 'ask' },
    other: { type: 'collect_form', form: form('Invoice'), next: 'done' },
    done: { type: 'end' },
  },
}

test('what was asked on the way to a step is known after it, what is asked elsewhere is not', () => {
  const order = { title: 'Order number', path: 'steps.ask.output.no' }
  expect(answersBefore(document, 'which')).toEqual([order])
  expect(answersBefore(document, 'other')).toContainEqual(order)
  expect(answersBefore(document, 'other')).toContainEqual({ title: 'Invoice', path: 'steps.other.output.no' })
  expect(answersBefore(document, 'nowhere')).toEqual([])
})
