import fc from 'fast-check'
import jsonata from 'jsonata'
import type { RuleGroupType, RuleType } from 'react-querybuilder'
import { describe, expect, it } from 'vitest'
import { choicesOf, leaves, mismatch, numberOf, OPERATORS, rulesOf, textOf, withIds } from './rules'

const name = fc.constantFrom(
  'current_plan',
  'amount',
  'customer.email',
  'steps.preview.output.amount_due',
  '$number(a.b)',
)
const value = fc.oneof(fc.string({ maxLength: 8 }), fc.integer({ min: -1000, max: 1000 }), fc.boolean())
const rule: fc.Arbitrary<RuleType> = fc
  .tuple(
    name,
    fc.constantFrom(...OPERATORS),
    value,
    fc.array(fc.string({ maxLength: 5 }), { minLength: 1, maxLength: 3 }),
  )
  .map(([field, operator, one, many]): RuleType => {
    if (operator === 'null' || operator === 'missing') return { field, operator, value: null }
    if (operator === 'in') return { field, operator, value: many }
    if (operator === 'contains') return { field, operator, value: String(one) }
    return { field, operator, value: one }
  })
const group = (depth: number): fc.Arbitrary<RuleGroupType> =>
  fc.record(
    {
      combinator: fc.constantFrom('and', 'or'),
      rules: fc.array(
        depth === 0 ? rule : fc.oneof({ weight: 3, arbitrary: rule }, { weight: 1, arbitrary: group(depth - 1) }),
        { minLength: 1, maxLength: 3 },
      ),
    },
    { noNullPrototype: true },
  )

/** Groups in a group of their own kind say nothing by themselves, and neither does a group of one. */
function flat(rules: RuleGroupType): RuleGroupType | RuleType {
  const inner = rules.rules.flatMap((one) => {
    if (typeof one === 'string' || !('rules' in one)) return [one]
    const made = flat(one)
    return 'rules' in made && made.combinator === rules.combinator ? made.rules : [made]
  })
  const [only] = inner
  return inner.length === 1 && only && typeof only !== 'string'
    ? only
    : { combinator: rules.combinator, rules: inner as RuleType[] }
}

describe('conditions as rules', () => {
  it('say the same after a round trip', () => {
    fc.assert(
      fc.property(group(2), (rules) => {
        const text = textOf(rules)
        const again = rulesOf(text)
        expect(again, text).not.toBeNull()
        if (again) expect(flat(again)).toEqual(flat(rules))
      }),
      { numRuns: 400 },
    )
  })
  it('come from what people write', () => {
    expect(rulesOf("current_plan != 'enterprise'")?.rules).toEqual([
      { field: 'current_plan', operator: '!=', value: 'enterprise' },
    ])
    expect(rulesOf('(a = 1 or b = 2) and c = "5"')?.combinator).toBe('and')
    expect(textOf(rulesOf('a = "5"') as RuleGroupType)).toBe('a = "5"')
  })
  it('are refused when something would be lost', () => {
    for (const text of [
      'a + 1 > 2',
      'a[0] = 1',
      '$exists(a)',
      'a',
      'a = 1 and b + 1 > 2',
      '$lowercase(a) = "x"',
      'a =',
    ])
      expect(rulesOf(text), text).toBeNull()
  })
  it('find missing what is absent, null, an empty text or an empty list, and nothing else', async () => {
    const text = textOf({ combinator: 'and', rules: [{ field: 'a.b', operator: 'missing', value: null }] })
    const missing = (b: unknown) =>
      jsonata(text).evaluate(b === undefined ? { a: {} } : { a: { b } }) as Promise<boolean>
    for (const value of [undefined, null, '', []]) expect(await missing(value), JSON.stringify(value)).toBe(true)
    for (const value of [0, false, ' ', 'x', [0], { c: 1 }])
      expect(await missing(value), JSON.stringify(value)).toBe(false)
  })
  it('compare a text that says a number as one', async () => {
    const texts = new Map([
      ['amount', { kind: 'string', example: '89.00', members: new Map() }],
      ['name', { kind: 'string', example: '#1002', members: new Map() }],
    ])
    const names = leaves({ kind: 'object', members: new Map([['total', { kind: 'object', members: texts }]]) })
    expect([...names]).toEqual([
      ['total.amount', 'text'],
      ['$number(total.amount)', 'number'],
      ['total.name', 'text'],
    ])
    const rule = { field: '$number(total.amount)', operator: '>=', value: 50 }
    const text = textOf({ combinator: 'and', rules: [rule] })
    expect(rulesOf(text)?.rules).toEqual([rule])
    expect(mismatch(rule, names.get(rule.field))).toBeNull()
    for (const [amount, holds] of [
      ['89.00', true],
      ['9.50', false],
    ] as const)
      expect(await jsonata(text).evaluate({ total: { amount } })).toBe(holds)
    expect([numberOf('$number(a.b)'), numberOf('a.b')]).toEqual(['a.b', null])
  })
  it('say so when they compare a text with a number', () => {
    const member = (kind: string) => ({ kind, members: new Map() })
    const kinds = leaves({
      kind: 'object',
      members: new Map([
        ['amount', member('integer')],
        ['name', member('string')],
        ['any', member('any')],
      ]),
    })
    const said = (field: string, operator: string, value: unknown) =>
      mismatch({ field, operator, value }, kinds.get(field))
    expect(said('amount', '>', '100')).toEqual({ field: 'number', value: 'text' })
    expect(said('name', '=', 5)).toEqual({ field: 'text', value: 'number' })
    expect(said('any', '>', '100')).toEqual({ field: undefined, value: 'text' })
    for (const right of [
      said('amount', '>', 100),
      said('name', '=', '5'),
      said('any', '=', 'x'),
      said('name', 'contains', 5),
      said('amount', '=', ''),
    ])
      expect(right).toBeNull()
  })
  it('offer what a value is one of', () => {
    const why = { kind: 'string', choices: ['Came late', 'Never came'], members: new Map() }
    const form = { kind: 'object', members: new Map([['why', why]]) }
    expect([...choicesOf({ kind: 'object', members: new Map([['form', form]]) })]).toEqual([['form.why', why.choices]])
  })
  it('have ids made of their place, whatever they say', () => {
    const ids = (text: string) => {
      const rules = rulesOf(text)
      return rules && JSON.stringify(withIds(rules)).match(/"id":"[^"]*"/g)
    }
    expect(ids('a = 1 and (b = 2 or c = 3)')).toEqual(ids('a = 10 and (b = 20 or c = 30)'))
    expect(new Set(ids('a = 1 and (b = 2 or c = 3)')).size).toBe(5)
  })
})
