import { expect, test } from 'vitest'
import { insertion, pickables, pillsIn, spoken } from './pills'
import { documentShape, merged, shapeOfValue } from './shape'
import type { WorkflowDocument } from '../document'

const document: WorkflowDocument = {
  schema: 1,
  name: 'Goodwill',
  start: 'ask',
  vars: { plan: 'free' },
  steps: {
    ask: {
      type: 'collect_form',
      title: 'Ask what happened',
      form: { type: 'object', properties: { order_no: { type: 'string', title: 'Order number' } } },
      next: 'find',
    },
    find: { type: 'tool_call', action: 'shop.find', next: 'done' },
    done: { type: 'end' },
  },
}
const shape = merged(
  documentShape(document, () => ({ type: 'object', properties: { total: { type: 'number' } } })),
  shapeOfValue({ steps: { find: { output: { total: 42 } } }, customer: { email: 'a@b.example' } }),
)
const root = () => shape

test('what can be picked has a name, a type and a sample where one is known', () => {
  const found = pickables(shape)
  expect(found.find((one) => one.path === 'steps.ask.output.order_no')).toMatchObject({
    group: 'Ask what happened',
    label: 'Order number',
    about: 'Order number',
    kind: 'text',
  })
  expect(found.find((one) => one.path === 'steps.find.output.total')).toMatchObject({ kind: 'number', example: '42' })
  expect(found.find((one) => one.path === 'customer.email')).toMatchObject({
    group: 'Customer',
    example: 'a@b.example',
  })
  expect(found.find((one) => one.path === 'plan')).toMatchObject({ group: 'Variables', example: 'free' })
  expect(found.some((one) => one.path.includes('.error'))).toBe(false)
})

test('names in a template are pills with their braces; text stays text', () => {
  const text = 'Dear {{ customer.email }}, {{ nobody.knows }} and {{ $round(steps.find.output.total, 2) }}'
  expect(pillsIn(text, 'template', root).map((one) => [text.slice(one.from, one.to), one.label])).toEqual([
    ['{{ customer.email }}', 'Customer › E-mail'],
    ['steps.find.output.total', 'find › Total'],
  ])
})

test('names in an expression are pills, words in quotes, members and functions are not', () => {
  const text = 'steps.find.output.total < 50 and plan != "plan" and $count(customer[email="x"]) and {"plan": 1}.plan'
  expect(pillsIn(text, 'expression', root).map((one) => text.slice(one.from, one.to))).toEqual([
    'steps.find.output.total',
    'plan',
  ])
})

test('a picked value is written as the place wants it', () => {
  expect(insertion('Hello ', 6, 'template', 'plan')).toBe('{{ plan }}')
  expect(insertion('{{ $round( ) }}', 11, 'template', 'plan')).toBe('plan')
  expect(insertion('a = ', 4, 'expression', 'plan')).toBe('plan')
  expect(insertion('{"a": ', 6, 'template', 'plan', true)).toBe('"{{ plan }}"')
  expect(insertion('{"a": "x', 8, 'template', 'plan', true)).toBe('{{ plan }}')
})

test('names are spoken', () => {
  expect(spoken('order_id')).toBe('Order id')
  expect(spoken('dueDate')).toBe('Due date')
})
