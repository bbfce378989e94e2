import { describe, expect, it } from 'vitest'
import { formPage, formPages, parted } from './form-pages'

const schema = (pages: unknown) => ({
  type: 'object',
  required: ['a', 'c'],
  properties: { a: { type: 'string' }, b: {}, c: {} },
  pages,
})

describe('a form of several pages', () => {
  it('has each field on one of them', () => {
    expect(formPages(schema([['c', 'a'], ['b']]))).toEqual([['c', 'a'], ['b']])
  })
  it('is shown as one where a field is on none or on two', () => {
    for (const pages of [
      undefined,
      'a',
      [['a', 'b', 'c']],
      [['a'], ['b']],
      [
        ['a', 'b'],
        ['b', 'c'],
      ],
      [['a', 'b', 'c'], []],
    ])
      expect(formPages(schema(pages))).toEqual([])
  })
  it('asks for what is on the page', () => {
    expect(formPage(schema([]), ['c', 'b'])).toEqual({ type: 'object', properties: { c: {}, b: {} }, required: ['c'] })
    const shared = { $defs: { a: {} }, definitions: { b: {} } }
    expect(formPage({ ...schema([]), ...shared }, ['b'])).toMatchObject(shared)
    expect(parted({ a: 1, b: 2, x: 3 }, ['b', 'c'])).toEqual([{ b: 2 }, { a: 1, x: 3 }])
  })
})
