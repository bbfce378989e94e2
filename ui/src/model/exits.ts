import type { Step, StepId } from './document'

/** How a branch is coloured. */
export type Tone = 'plain' | 'good' | 'bad' | 'quiet'

/** One way out of a step, under the name the engine uses for it (`StepKind::exits`). */
export type Exit = { name: string; label: string; target: StepId | null; tone: Tone; optional: boolean }

function exit(name: string, target: StepId | null | undefined, label = '', tone: Tone = 'plain', optional = false): Exit {
  return { name, label, target: target || null, tone, optional }
}

/** Every way out a step can have, the unused optional ones included (their target is null). */
export function exitsOf(step: Step): Exit[] {
  switch (step.type) {
    case 'tool_call':
    case 'notify':
      return [exit('next', step.next), exit('error', step.on_error?.next, 'error', 'bad', true)]
    case 'collect_form':
      return [exit('next', step.next), exit('timeout', step.timeout?.next, 'timeout', 'quiet', true)]
    case 'condition':
      return [
        ...step.branches.map((branch, index) => exit(`when ${index + 1}`, branch.next, branch.label || branch.when.trim() || `when ${index + 1}`)),
        exit('otherwise', step.otherwise, 'otherwise', 'quiet'),
      ]
    case 'approval':
      return [
        exit('approved', step.on_approve, 'approved', 'good'),
        exit('rejected', step.on_reject, 'rejected', 'bad'),
        exit('changes', step.on_changes, 'changes', 'plain', true),
        exit('timeout', step.timeout?.next, 'timeout', 'quiet', true),
      ]
    case 'human_handoff':
      return [
        exit('next', step.next, Object.keys(step.outcomes ?? {}).length > 0 ? 'handed back' : ''),
        ...Object.entries(step.outcomes ?? {}).map(([name, outcome]) => exit(name, outcome.next, name)),
        exit('timeout', step.timeout?.next, 'timeout', 'quiet', true),
      ]
    case 'end':
      return []
  }
}

/** A copy of the step with one exit pointed elsewhere; `null` takes an optional exit away and empties a required one. */
export function withExit(step: Step, name: string, target: StepId | null): Step {
  const required = target ?? ''
  switch (step.type) {
    case 'tool_call':
    case 'notify':
      return name === 'error' ? withOptional(step, 'on_error', target === null ? undefined : { next: target }) : { ...step, next: required }
    case 'collect_form':
      if (name === 'timeout') return withOptional(step, 'timeout', target === null ? undefined : { after: step.timeout?.after ?? '1d', next: target })
      return { ...step, next: required }
    case 'condition': {
      const index = Number(/^when (\d+)$/.exec(name)?.[1] ?? 0) - 1
      if (index < 0) return { ...step, otherwise: required }
      return { ...step, branches: step.branches.map((branch, at) => (at === index ? { ...branch, next: required } : branch)) }
    }
    case 'approval':
      return withApprovalExit(step, name, target)
    case 'human_handoff':
      if (name === 'timeout') return withOptional(step, 'timeout', target === null ? undefined : { after: step.timeout?.after ?? '1d', next: target })
      if (step.outcomes && Object.hasOwn(step.outcomes, name)) return { ...step, outcomes: { ...step.outcomes, [name]: { next: required } } }
      return { ...step, next: required }
    case 'end':
      return step
  }
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
  if (step.type === 'human_handoff' && step.outcomes && Object.hasOwn(step.outcomes, name)) return `outcomes.${name}.next`
  const places: Record<string, string> = { error: 'on_error.next', timeout: 'timeout.next', approved: 'on_approve', rejected: 'on_reject', changes: 'on_changes' }
  return places[name] ?? name
}

/** Steps that name `id` as a target or a guard. */
export function mentions(step: Step, id: StepId): boolean {
  return exitsOf(step).some((way) => way.target === id) || (step.type === 'approval' && (step.guards ?? []).includes(id))
}
