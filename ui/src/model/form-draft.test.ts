import { describe, expect, it } from 'vitest'
import { draftOf, fieldNames, filesOf, withFiles } from './form-draft'

const photo = 'data:image/png;name=a.png;base64,AAAA'
const secret = { type: 'string', secret: true }

describe('the draft of a form', () => {
  it('has what is asked for and no secret, wherever it is said to be one', () => {
    const form = {
      properties: {
        name: {},
        pin: secret,
        word: { format: 'password' },
        card: { $ref: '#/$defs/card' },
        cards: { type: 'array', items: { $ref: '#/$defs/card' } },
        beside: { $ref: '#/$defs/text', secret: true },
        chained: { $ref: '#/$defs/chain' },
        made: { allOf: [{ $ref: '#/definitions/pin' }] },
        either: { anyOf: [{ type: 'null' }, { oneOf: [secret, { type: 'number' }] }] },
        round: { $ref: '#/$defs/round' },
        gone: { $ref: '#/$defs/gone' },
        plan: { oneOf: [{ const: { plan: 1 } }] },
        wide: { allOf: [{ properties: { a: {}, b: secret } }, { properties: { c: {} } }] },
      },
      $defs: {
        text: { type: 'string' },
        chain: { $ref: '#/definitions/pin' },
        round: { $ref: '#/$defs/round' },
        card: { type: 'object', properties: { holder: {}, number: secret } },
      },
      definitions: { pin: secret },
    }
    const typed = {
      ...Object.fromEntries(Object.keys(form.properties).map((name) => [name, 's'])),
      card: { holder: 'Ada', number: '1' },
      cards: [{ number: '2' }],
      plan: { plan: 1 },
      wide: { a: 1, b: 2, c: 3, d: 4 },
      unasked: 5,
    }
    expect(draftOf(form, typed)).toEqual({
      name: 's',
      card: { holder: 'Ada' },
      cards: [{}],
      round: 's',
      plan: { plan: 1 },
      wide: { a: 1, c: 3 },
    })
    expect(filesOf(form, { ...typed, pin: photo, chained: photo })).toEqual({})
    expect(draftOf(undefined, typed)).toEqual({})
  })

  it('leaves out files, which come back where they were', () => {
    const item = { type: 'object', properties: { note: {}, photo: {} } }
    const form = {
      properties: { bill: { format: 'data-url' }, text: {}, all: { items: {} }, list: { items: item }, in: item },
    }
    const other = { text: 'data: yes, no', all: ['a', photo, 'b'] }
    const values = { bill: photo, ...other, list: [{ note: 'x' }, { note: 'y', photo }], in: { photo } }
    const draft = draftOf(form, values)
    expect(draft).toEqual({
      text: 'data: yes, no',
      all: ['a', 'b'],
      list: [{ note: 'x' }, { note: 'y' }],
      in: {},
    })
    const files = filesOf(form, values)
    expect(JSON.stringify(files)).not.toMatch(/yes|"x"|"a"/)
    expect(withFiles(draft, files)).toEqual(values)
    // Somebody went on elsewhere: theirs counts, the files are added.
    const newer = { text: 'new', list: [{ note: 'z' }] }
    expect(withFiles(newer, files)).toMatchObject({ text: 'new', list: [{ note: 'z' }, { photo }], bill: photo })
  })

  it('knows the fields that a branch brings', () => {
    const form = { properties: { a: {} }, then: { properties: { b: {} } }, allOf: [{ properties: { c: {} } }] }
    expect([...fieldNames(form)].sort()).toEqual(['a', 'b', 'c'])
  })
})
