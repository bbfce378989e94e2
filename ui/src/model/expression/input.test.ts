import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../json'
import { schemaFields, type SchemaField } from '../schema'
import { asExpression, asValue, inputText, readInput, wayOf } from './input'

const schema = {
  properties: {
    text: { type: 'string' },
    count: { type: 'integer' },
    on: { type: ['boolean', 'null'] },
    mode: { type: 'string', enum: ['a', 'b'] },
    level: { enum: [1, 2] },
    tags: { type: 'array' },
    address: {
      type: 'object',
      properties: { city: { type: 'string' }, at: { type: 'object', properties: { lat: { type: 'number' } } } },
      required: ['city'],
    },
    headers: { type: 'object' },
  },
}
const fields = new Map(schemaFields(schema).map((field) => [field.name, field]))
const field = (name: string) => fields.get(name) as SchemaField

describe('the schema of an input', () => {
  it('has the members of an object one level deep', () => {
    expect(
      field('address').fields?.map((member) => [member.name, member.type, member.required, member.fields]),
    ).toEqual([
      ['city', 'string', true, null],
      ['at', 'json', false, null],
    ])
    expect(field('headers').fields).toBeNull()
  })
  it('keeps what the choices are', () =>
    expect([field('level').choices, field('level').values]).toEqual([
      ['1', '2'],
      [1, 2],
    ]))
})

describe('an input', () => {
  it('is an expression when it holds one, or when its control cannot show it', () => {
    const ways = (name: string, ...values: (Json | undefined)[]) => values.map((value) => wayOf(field(name), value))
    expect(ways('text', undefined, '', 'x', 'a {{ b }}', 5)).toEqual([
      'value',
      'value',
      'value',
      'expression',
      'expression',
    ])
    expect(ways('count', undefined, 5, '5', '{{ n }}')).toEqual(['value', 'value', 'expression', 'expression'])
    expect(ways('mode', 'a', 'c', '{{ m }}')).toEqual(['value', 'expression', 'expression'])
    expect(ways('level', 1, '1', 3)).toEqual(['value', 'expression', 'expression'])
    expect(ways('address', {}, { city: '{{ c }}' }, '{{ a }}', [])).toEqual([
      'value',
      'value',
      'expression',
      'expression',
    ])
    expect(ways('tags', ['x'], [{ a: '{{ b }}' }], '{{ t }}')).toEqual(['value', 'value', 'expression'])
  })
  it('is read by its type', () => {
    expect([
      readInput(field('count'), '12'),
      readInput(field('on'), 'true'),
      readInput(field('tags'), '["a"]'),
      readInput(field('level'), '2'),
    ]).toEqual([12, true, ['a'], 2])
    expect([
      readInput(field('text'), '12'),
      readInput(field('mode'), 'a'),
      readInput(field('count'), 'a few'),
      readInput(field('count'), ''),
    ]).toEqual(['12', 'a', 'a few', undefined])
    expect(readInput(field('count'), '{{ 1 }}')).toBe('{{ 1 }}')
  })
  it('goes on as an expression that says the same', () => {
    expect([
      asExpression(field('count'), 5),
      asExpression(field('on'), false),
      asExpression(field('mode'), 'a'),
      asExpression(field('address'), { city: 'Ulm' }),
    ]).toEqual(['{{ 5 }}', '{{ false }}', '{{ "a" }}', '{{ {"city":"Ulm"} }}'])
    expect([
      asExpression(field('text'), 'Hello'),
      asExpression(field('count'), undefined),
      asExpression(field('address'), { city: '{{ c }}' }),
    ]).toEqual(['Hello', undefined, undefined])
  })
  it('keeps a value that fits, and only that', () => {
    expect([
      asValue(field('count'), '{{ 5 }}'),
      asValue(field('count'), '{{ n }}'),
      asValue(field('count'), '{{ "5" }}'),
      asValue(field('mode'), '{{ "c" }}'),
      asValue(field('text'), 'Hello'),
      asValue(field('text'), 'a {{ b }}'),
    ]).toEqual([5, undefined, undefined, undefined, 'Hello', undefined])
  })
  it('comes back from being an expression as it was', () => {
    const values = fc.oneof(
      fc.tuple(fc.constant('count'), fc.integer()),
      fc.tuple(fc.constant('on'), fc.boolean()),
      fc.tuple(fc.constant('mode'), fc.constantFrom('a', 'b')),
      fc.tuple(fc.constant('tags'), fc.array(fc.string().filter((text) => !text.includes('{{')))),
    )
    fc.assert(
      fc.property(values, ([name, value]) => {
        const expression = asExpression(field(name), value)
        fc.pre(!JSON.stringify(value).includes('{{'))
        expect(wayOf(field(name), expression)).toBe('expression')
        expect(asValue(field(name), readInput(field(name), inputText(expression)))).toEqual(value)
      }),
    )
  })
})
