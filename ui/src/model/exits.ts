import type { Condition, ConditionBranch, Step, StepId } from './document'
import { isObject } from './json'
import { strings } from './strings'

const s = strings.exits

/** How a branch is coloured. */
export type Tone = 'plain' | 'good' | 'bad' | 'quiet'

/** One way out of a step, under the name the engine uses for it (`StepKind::exits`). */
export type Exit = { name: string; label: string; target: StepId | null; tone: Tone; optional: boolean }

function exit(
  name: string,
  target: StepId | null | undefined,
  label = '',
  tone: Tone = 'plain',
  optional = false,
): Exit {
  return { name, label, target: target || null, tone, optional }
}

/** The branches of a condition; text that is half written may have none, or something else in their place. */
export function branchesOf({ branches }: Condition): ConditionBranch[] {
  const written: unknown = branches
  return Array.isArray(written)
    ? written.map((branch: unknown) => ({ when: '', next: '', ...(isObject(branch) ? branch : {}) }))
    : []
}

/** Every way out a step can have, the unused optional ones included (their target is null). */
export function exitsOf(step: Step): Exit[] {
  switch (step.type) {
    case 'tool_call':
    case 'notify':
      return [exit('next', step.next), exit('error', step.on_error?.next, s.error, 'bad', true)]
    case 'collect_form':
      return [
        exit('next', step.next),
        exit('timeout', step.timeout?.next, s.timeout, 'quiet', true),
        exit('unusable', step.on_unusable?.next, s.unusable, 'quiet', true),
      ]
    case 'condition':
      return [
        ...branchesOf(step).map((branch, index) =>
          exit(`when ${index + 1}`, branch.next, branch.label || String(branch.when).trim() || s.branch(index + 1)),
        ),
        exit('otherwise', step.otherwise, s.otherwise, 'quiet'),
      ]
    case 'approval':
      return [
        exit('approved', step.on_approve, s.approved, 'good'),
        exit('rejected', step.on_reject, s.rejected, 'bad'),
        exit('changes', step.on_changes, s.changes, 'plain', true),
        exit('timeout', step.timeout?.next, s.timeout, 'quiet', true),
      ]
    case 'human_handoff':
      return [
        exit('next', step.next, Object.keys(step.outcomes ?? {}).length > 0 ? s.returned : ''),
        ...Object.entries(step.outcomes ?? {}).map(([name, outcome]) =>
          exit(name, isObject(outcome) ? outcome.next : null, name),
        ),
        exit('timeout', step.timeout?.next, s.timeout, 'quiet', true),
      ]
    case 'end':
      return []
  }
  // A draft may name a type nobody knows.
  return []
}

/**
 * A copy of the step with one exit pointed elsewhere; `null` takes an optional exit away and empties a required one.
 */
export function withExit(step: Step, name: string, target: StepId | null): Step {
  const required = target ?? ''
  switch (step.type) {
    case 'tool_call':
    case 'notify':
      return name === 'error'
        ? withOptional(step, 'on_error', target === null ? undefined : { next: target })
        : { ...step, next: required }
    case 'collect_form':
      if (name === 'timeout')
        return withOptional(
          step,
          'timeout',
          target === null ? undefined : { after: step.timeout?.after ?? '1d', next: target },
        )
      if (name === 'unusable')
        return withOptional(
          step,
          'on_unusable',
          target === null ? undefined : { replies: step.on_unusable?.replies ?? 3, next: target },
        )
      return { ...step, next: required }
    case 'condition': {
      const index = Number(/^when (\d+)$/.exec(name)?.[1] ?? 0) - 1
      if (index < 0) return { ...step, otherwise: required }
      return {
        ...step,
        branches: branchesOf(step).map((branch, at) => (at === index ? { ...branch, next: required } : branch)),
      }
    }
    case 'approval':
      return withApprovalExit(step, name, target)
    case 'human_handoff':
      if (name === 'timeout')
        return withOptional(
          step,
          'timeout',
          target === null ? undefined : { after: step.timeout?.after ?? '1d', next: target },
        )
      if (step.outcomes && Object.hasOwn(step.outcomes, name))
        return { ...step, outcomes: { ...step.outcomes, [name]: { next: required } } }
      return { ...step, next: required }
    case 'end':
      return step
  }
  return step
}

function withApprovalExit(step: Extract<Step, { type: 'approval' }>, name: string, target: StepId | null): Step {
  if (name === 'approved') return { ...step, on_approve: target ?? '' }
  if (name === 'rejected') return { ...step, on_reject: target ?? '' }
  if (name === 'changes') return withOptional(step, 'on_changes', target ?? undefined)
  const timeout = step.timeout ?? { after: '1d', outcome: 'rejected' as const }
  const { next: _dropped, ...rest } = timeout
  if (target === null) return step.timeout ? { ...step, timeout: rest } : step
  return { ...step, timeout: { ...rest, next: target } }
}

function withOptional<S extends Step, K extends keyof S>(step: S, key: K, value: S[K] | undefined): S {
  if (value !== undefined) return { ...step, [key]: value }
  const { [key]: _gone, ...rest } = step
  return rest as S
}

/** Where in the step a way out is written: what the checks point at. */
export function exitPath(step: Step, name: string): string {
  const branch = /^when (\d+)$/.exec(name)?.[1]
  if (branch !== undefined && step.type === 'condition') return `branches.${Number(branch) - 1}.next`
  if (step.type === 'human_handoff' && step.outcomes && Object.hasOwn(step.outcomes, name))
    return `outcomes.${name}.next`
  const places: Record<string, string> = {
    error: 'on_error.next',
    timeout: 'timeout.next',
    unusable: 'on_unusable.next',
    approved: 'on_approve',
    rejected: 'on_reject',
    changes: 'on_changes',
  }
  return places[name] ?? name
}
