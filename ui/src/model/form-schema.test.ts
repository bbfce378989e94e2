import { describe, expect, it } from 'vitest'
import { filled, withTypes } from './form-schema'

describe('what nobody filled', () => {
  const schema = {
    type: 'object',
    required: ['email', 'lines'],
    properties: {
      email: { type: 'string', format: 'email' },
      phone: { type: 'string' },
      none: { type: ['string', 'null'] },
      tags: { type: 'array', minItems: 1, items: { type: 'string' } },
      lines: { type: 'array', items: { type: 'object', properties: { note: { type: 'string' } } } },
      address: { type: 'object', required: ['city'], properties: { city: { type: 'string' } } },
    },
  }

  it('is left out: a prefill without a value, an empty list, an object nobody touched', () => {
    const values = { email: null, phone: '', tags: [], address: { city: null }, none: null }
    expect(filled(schema, values)).toEqual({ none: null })
  })

  it('keeps what has a value, and a required list', () => {
    const values = { phone: '0', lines: [], tags: ['a'], address: { city: 'Rome' }, extra: false, count: 0 }
    expect(filled(schema, values)).toEqual(values)
    expect(filled(schema, { lines: [{ note: '' }] })).toEqual({ lines: [{}] })
  })
})

describe('a choice without a type', () => {
  it('gets the type of what it offers, wherever it stands', () => {
    const choice = { oneOf: [{ const: 'a', title: 'Letter A' }, { const: 'b' }] }
    const schema = { type: 'object', properties: { one: choice, list: { type: 'array', items: choice } } }
    expect(withTypes(schema)).toEqual({
      type: 'object',
      properties: {
        one: { ...choice, type: 'string' },
        // Boxes to tick: each is taken once.
        list: { type: 'array', items: { ...choice, type: 'string' }, uniqueItems: true },
      },
    })
    expect(withTypes({ enum: [1, 'a', null] })).toEqual({ enum: [1, 'a', null], type: ['number', 'string', 'null'] })
  })

  it('leaves alternatives that are no constants, and a property of that name', () => {
    const schema = { properties: { oneOf: { type: 'string' } }, anyOf: [{ required: ['a'] }] }
    expect(withTypes(schema)).toEqual(schema)
  })
})
