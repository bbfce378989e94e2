import fc from 'fast-check'
import type { RuleGroupType, RuleType } from 'react-querybuilder'
import { describe, expect, it } from 'vitest'
import { OPERATORS, rulesOf, textOf } from './rules'

const name = fc.constantFrom('current_plan', 'amount', 'customer.email', 'steps.preview.output.amount_due')
const value = fc.oneof(fc.string({ maxLength: 8 }), fc.integer({ min: -1000, max: 1000 }), fc.boolean())
const rule: fc.Arbitrary<RuleType> = fc
  .tuple(
    name,
    fc.constantFrom(...OPERATORS),
    value,
    fc.array(fc.string({ maxLength: 5 }), { minLength: 1, maxLength: 3 }),
  )
  .map(([field, operator, one, many]): RuleType => {
    if (operator === 'null') return { field, operator, value: null }
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
})
