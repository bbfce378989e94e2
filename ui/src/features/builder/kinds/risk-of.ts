import type { ActionSpec } from '@/api/types'

type Risk = ActionSpec['risk']

const ORDER: Risk[] = ['read', 'write', 'high']

/** How much harm a step's call can do; of a value that is not known yet, the worst it can come to. */
export function riskOf(action: ActionSpec, input: unknown): Risk {
  const by = action.risk_by
  if (!by) return action.risk
  const value =
    typeof input === 'object' && input !== null ? (input as Record<string, unknown>)[by.member] : (input ?? undefined)
  if (value === undefined || value === null) return action.risk
  if (typeof value === 'string' && !value.includes('{{'))
    return Object.entries(by.values).find(([text]) => text.toUpperCase() === value.toUpperCase())?.[1] ?? action.risk
  return Object.values(by.values).reduce(
    (worst, one) => (ORDER.indexOf(one) > ORDER.indexOf(worst) ? one : worst),
    action.risk,
  )
}
