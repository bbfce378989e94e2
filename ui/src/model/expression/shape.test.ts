import { describe, expect, it } from 'vitest'
import { asDocument } from '../document'
import { documentShape, shapeAt } from './shape'

describe('what a person hands back', () => {
  const shape = (form?: unknown) =>
    documentShape(
      asDocument({
        name: 'Handoff',
        start: 'hand',
        steps: { hand: { type: 'human_handoff', form, next: 'done' }, done: { type: 'end' } },
      }),
      () => undefined,
    )

  it('is offered with the types its form says', () => {
    const known = shape({ type: 'object', properties: { amount: { type: 'number', title: 'Amount' } } })
    expect(shapeAt(known, ['steps', 'hand', 'output', 'values', 'amount'])).toMatchObject({
      kind: 'number',
      about: 'Amount',
    })
    expect(shapeAt(known, ['steps', 'hand', 'output', 'outcome'])?.kind).toBe('string')
  })
  it('has no values without a form', () => {
    expect(shapeAt(shape(), ['steps', 'hand', 'output', 'values'])).toBeUndefined()
  })
})
