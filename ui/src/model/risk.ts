import { isObject } from './json'

const ORDER = ['read', 'write', 'high'] as const
export type Risk = (typeof ORDER)[number]
/** What an action says of its risk: one, or by what stands in a member of its input. */
export type Risky = { risk: Risk; risk_by?: { member: string; values: Record<string, Risk> } | null }

/** How much harm a step can do whose input is written so; of what is not known before the run, the worst. */
export function riskOf(action: Risky & { input?: unknown }, input: unknown): Risk {
  const by = action.risk_by
  if (!by) return action.risk
  const schema = action.input as { properties?: Record<string, { default?: unknown }> }
  const left = schema.properties?.[by.member]?.default
  const value = isObject(input) ? (Object.hasOwn(input, by.member) ? input[by.member] : left) : (input ?? left)
  if (value === undefined) return action.risk
  if (typeof value === 'string' && !value.includes('{{'))
    return Object.entries(by.values).find(([text]) => text.toUpperCase() === value.toUpperCase())?.[1] ?? action.risk
  return Object.values(by.values).reduce<Risk>(
    (worst, one) => (ORDER.indexOf(one) > ORDER.indexOf(worst) ? one : worst),
    action.risk,
  )
}
