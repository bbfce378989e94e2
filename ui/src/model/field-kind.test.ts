import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { amountPattern, answerText, exampleAmount, fieldKind, readAmount } from './field-kind'
import { filled, withTypes } from './form-schema'
import { askedForm, askedValues, fieldOrder } from './form-when'

const FILE = new URL('../../../crates/core/tests/vectors/fields.json', import.meta.url)
const vectors = JSON.parse(readFileSync(FILE, 'utf8')) as {
  kinds: { schema: unknown; kind: string }[]
  conditions: {
    fields: object
    pages?: string[][]
    cases: { values: Record<string, unknown>; asked: string[]; kept: object }[]
  }[]
  amounts: { words: string; currency: string; read: string | null }[]
}

describe('the fields of forms', () => {
  it.each(vectors.kinds)('$kind is what the server sees', ({ schema, kind }) => {
    expect(fieldKind(schema)).toBe(kind)
    // As a form draws it, it is the same.
    expect(fieldKind(withTypes(schema))).toBe(kind)
  })
  it.each(vectors.amounts)('$words in $currency is read as the server reads it', ({ words, currency, read }) => {
    expect(readAmount(words, currency)).toBe(read)
    if (read !== null) expect(read).toMatch(new RegExp(amountPattern(currency)))
  })
  it('shows amounts with their currency and choices by their labels', () => {
    expect(exampleAmount('KWD')).toBe('42.600')
    expect(answerText({ type: 'string', format: 'money', currency: 'EUR' }, '42.60')).toBe('42.60 EUR')
    const letters = { oneOf: [{ const: 'a', title: 'Letter A' }, { const: 'b' }] }
    expect(answerText({ type: 'array', items: letters }, ['a', 'b'])).toBe('Letter A, b')
    expect(answerText({ type: 'integer', format: 'rating', minimum: 1, maximum: 5 }, 4)).toBe('4/5')
    expect(answerText({ type: 'string' }, 'x')).toBeNull()
  })
  it('leaves out a consent that was not given, and what is only read', () => {
    const agree = { type: 'boolean', const: true, default: true }
    const schema = { type: 'object', properties: { agree, told: { type: 'null' }, none: { type: 'boolean' } } }
    expect(filled(schema, { agree: false, told: null, none: false })).toEqual({ none: false })
    expect(filled(schema, { agree: true })).toEqual({ agree: true })
    expect(withTypes(schema)).toMatchObject({ properties: { agree: { type: 'boolean', enum: [true] } } })
    expect(JSON.stringify(withTypes(schema))).not.toContain('default')
  })
})

describe('fields under conditions', () => {
  const cases = vectors.conditions.flatMap(({ fields, pages, cases }) =>
    cases.map((one) => ({ form: { type: 'object', properties: fields, ...(pages && { pages }) }, ...one })),
  )
  it.each(cases)('$values ask for $asked', ({ form, values, asked, kept }) => {
    expect(askedValues(form, values)).toEqual(kept)
    expect(fieldOrder(askedForm(form, values))).toEqual(asked)
  })
  it('are not missed, and leave no empty page', () => {
    const form = {
      required: ['a', 'b', 'nobody'],
      properties: { a: { type: 'boolean' }, b: { when: { a: true } }, c: {} },
      pages: [['a'], ['b'], ['c']],
    }
    expect(askedForm(form, { a: false })).toMatchObject({ required: ['a', 'nobody'], pages: [['a'], ['c']] })
    const plain = { properties: { a: {} } }
    expect(askedForm(plain, {})).toBe(plain)
  })
})
