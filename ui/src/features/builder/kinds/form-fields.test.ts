import { describe, expect, it } from 'vitest'
import {
  kindOf,
  readFields,
  TYPES,
  withField,
  withRequired,
  withoutField,
  withTitle,
  writeFields,
  type FormField,
} from './form-fields'

const field = (name: string, title = ''): FormField => ({ name, schema: { type: 'string', title }, required: false })
const free = () => false

describe('the name of a new field', () => {
  it('is made of its label, letter by letter', () => {
    let made = field('field_1')
    for (let length = 1; length <= 'Order number'.length; length += 1)
      made = withTitle(made, 'Order number'.slice(0, length), free)
    expect(made).toEqual(field('order_number', 'Order number'))
    expect(withTitle(made, 'Größe?', free).name).toBe('gro_e')
  })
  it('stays what a person chose', () => {
    expect(withTitle(field('reason'), 'Why?', free).name).toBe('reason')
    expect(withTitle(field('reason', 'Why?'), 'Why not?', free).name).toBe('reason')
  })
  it('is never one that is there, nor none', () => {
    expect(withTitle(field('field_2'), 'E-mail', (name) => name === 'e_mail').name).toBe('field_2')
    for (const title of ['', '…', '1st order']) expect(withTitle(field('field_2'), title, free).name).toBe('field_2')
  })
})

describe('the pages of a form', () => {
  const form = {
    type: 'object',
    properties: { a: { type: 'string' }, b: { type: 'string' }, c: { type: 'string' } },
    required: ['c'],
    pages: [['c', 'a'], ['b']],
  }
  const names = (fields: FormField[]) => fields.map((one) => (one.newPage ? `| ${one.name}` : one.name)).join(' ')

  it('are told by the fields that begin them', () => {
    const fields = readFields(form)
    expect(names(fields)).toBe('c a | b')
    expect(writeFields(form, fields)).toEqual(form)
  })
  it('stay whole when fields come, go and get other names', () => {
    const fields = readFields(form)
    const more = [...fields.map((one) => (one.name === 'b' ? { ...one, name: 'x' } : one)), field('d')]
    expect(writeFields(form, more).pages).toEqual([
      ['c', 'a'],
      ['x', 'd'],
    ])
    expect(writeFields(form, fields.slice(0, 2))).not.toHaveProperty('pages')
    expect(writeFields(form, [...fields].reverse()).pages).toBeUndefined()
    expect(names(readFields({ ...form, pages: [['a'], ['b']] }))).toBe('a b c')
  })
  it('stay apart when the field that begins one goes', () => {
    const fields = readFields({ ...form, pages: [['a'], ['b', 'c']] })
    const pages = (index: number) => writeFields(form, withoutField(fields, index)).pages
    expect(pages(1)).toEqual([['a'], ['c']])
    expect(pages(2)).toEqual([['a'], ['b']])
    // A page that is empty is none.
    expect(pages(0)).toBeUndefined()
    const three = readFields({ ...form, pages: [['a'], ['b'], ['c']] })
    expect(writeFields(form, withoutField(three, 1)).pages).toEqual([['a'], ['c']])
    expect(writeFields(form, withoutField(three, 2)).pages).toEqual([['a'], ['b']])
  })
})

describe('the types of fields', () => {
  it.each(Object.entries(TYPES))('%s is known again by its schema', (type, schema) => {
    expect(kindOf(schema)).toBe(type)
  })
})

describe('several choices that are required', () => {
  const several = { type: 'array', items: { enum: ['a', 'b'] } }
  it.each([
    [several, true, 1],
    [{ ...several, minItems: 2 }, true, 2],
    [{ ...several, minItems: 2 }, false, 2],
    [{ ...several, minItems: 1 }, false, undefined],
  ])('%j takes at least as many as it says', (schema, required, least) => {
    const field = withRequired({ name: 'a', schema, required: !required }, required)
    expect([field.required, field.schema.minItems]).toEqual([required, least])
  })
})

describe('conditions', () => {
  const fields = readFields({
    type: 'object',
    properties: { a: { type: 'boolean' }, b: { when: { a: true } }, c: { when: { a: false, d: 1 } } },
  })
  const when = (all: FormField[]) => all.map((one) => one.schema.when)
  it('follow the name of the field they are on', () => {
    const renamed = withField(fields, 0, { ...field('z'), schema: { type: 'boolean' } })
    expect(when(renamed)).toEqual([undefined, { z: true }, { z: false, d: 1 }])
  })
  it('go with it', () => {
    expect(when(withoutField(fields, 0))).toEqual([undefined, { d: 1 }])
  })
})
