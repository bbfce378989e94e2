import { describe, expect, test } from 'vitest'
import { editFields, editSchema, editsOf, editValues } from './asked'

const requests = [
  { step: 'refund', title: 'Refund', action: 'pay.refund', input: { amount: 4260, lines: [{ 'a/b': 'x' }] } },
  { step: 'note', title: 'Note', action: 'crm.note', input: { text: 'hello' } },
]
const schemas: Record<string, unknown> = {
  'pay.refund': {
    type: 'object',
    properties: {
      amount: { type: 'integer', title: 'Amount', maximum: 5000 },
      lines: { type: 'array', items: { type: 'object', properties: { 'a/b': { type: 'string' } } } },
    },
  },
}

describe('what an approver may change', () => {
  test('is a field with the schema of the action, or of the value where that says nothing', () => {
    const fields = editFields(requests, { refund: ['/amount', '/lines/0/a~1b'], note: ['/text'] }, (a) => schemas[a])
    expect(fields.map(({ key, value, schema }) => [key, value, schema])).toEqual([
      ['e0', 4260, { type: 'integer', title: 'Refund: Amount', maximum: 5000 }],
      ['e1', 'x', { type: 'string', title: 'Refund: a/b' }],
      ['e2', 'hello', { type: 'string', title: 'Note: text' }],
    ])
    expect(editSchema(fields).required).toEqual(['e0', 'e1', 'e2'])
    expect(editValues(fields)).toEqual({ e0: 4260, e1: 'x', e2: 'hello' })
  })

  test('is sent only where it was changed', () => {
    const fields = editFields(requests, { refund: ['/amount', '/currency'] }, (action) => schemas[action])
    expect(fields[0]?.schema.title).toBe('Amount')
    expect(editSchema(fields).required).toEqual(['e0'])
    expect(editsOf(fields, { e0: 4260 })).toBeUndefined()
    expect(editsOf(fields, { e0: 4000, e1: 'usd' })).toEqual({ refund: { '/amount': 4000, '/currency': 'usd' } })
  })
})
