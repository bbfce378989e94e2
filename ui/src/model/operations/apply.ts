import type { Step, StepId, WorkflowDocument } from '../document'
import { exitsOf, withExit } from '../exits'
import { setAt } from '../json'
import type { Operation } from './types'

type Steps = WorkflowDocument['steps']

/** The document after the operation. What it names must exist; otherwise nothing changes. */
export function apply(document: WorkflowDocument, operation: Operation): WorkflowDocument {
  switch (operation.op) {
    case 'set_document':
      return setAt(document, [operation.field], operation.value)
    case 'add_step':
      return addStep(document, operation.id, operation.step, operation.index)
    case 'remove_step':
      return removeStep(document, operation.id)
    case 'rename_step':
      return renameStep(document, operation.from, operation.to)
    case 'set_field':
      return editStep(document, operation.id, (step) => setAt(step, operation.path, operation.value))
    case 'replace_step':
      return editStep(document, operation.id, () => operation.step)
    case 'connect':
      return editStep(document, operation.id, (step) => withExit(step, operation.exit, operation.target))
    case 'move_steps':
      return mapSteps(document, (step, id) =>
        Object.hasOwn(operation.positions, id) ? placed(step, operation.positions[id]) : step,
      )
    case 'put_steps':
      return putSteps(document, operation)
    case 'batch':
      return operation.operations.reduce(apply, document)
  }
}

/** The operation that leads from `apply(before, operation)` back to `before`. */
export function invert(before: WorkflowDocument, operation: Operation): Operation {
  switch (operation.op) {
    case 'set_document':
      return { op: 'set_document', field: operation.field, value: before[operation.field] }
    case 'batch': {
      let at = before
      const back: Operation[] = []
      for (const part of operation.operations) {
        back.unshift(invert(at, part))
        at = apply(at, part)
      }
      return { op: 'batch', name: operation.name, operations: back }
    }
    case 'add_step':
    case 'remove_step':
    case 'rename_step':
    case 'set_field':
    case 'replace_step':
    case 'connect':
    case 'move_steps':
    case 'put_steps':
      return wayBack(before, apply(before, operation))
  }
}

function wayBack(before: WorkflowDocument, after: WorkflowDocument): Operation {
  const put = Object.fromEntries(
    Object.entries(before.steps).filter(([id, step]) => after.steps[id] !== step || !Object.hasOwn(after.steps, id)),
  )
  const drop = Object.keys(after.steps).filter((id) => !Object.hasOwn(before.steps, id))
  const back: Operation = { op: 'put_steps', put, drop, order: Object.keys(before.steps), start: before.start }
  if (after.case === before.case) return back
  const named: Operation = { op: 'set_document', field: 'case', value: before.case }
  return { op: 'batch', name: 'back', operations: [back, named] }
}

function putSteps(
  document: WorkflowDocument,
  { put, drop, order, start }: Extract<Operation, { op: 'put_steps' }>,
): WorkflowDocument {
  const merged: Steps = { ...document.steps, ...put }
  for (const id of drop) delete merged[id]
  const steps: Steps = {}
  for (const id of [...order, ...Object.keys(merged)]) {
    const step = merged[id]
    if (step && Object.hasOwn(merged, id)) steps[id] = step
  }
  return { ...document, start, steps }
}

function editStep(document: WorkflowDocument, id: StepId, edit: (step: Step) => Step): WorkflowDocument {
  const step = document.steps[id]
  if (!step || !Object.hasOwn(document.steps, id)) return document
  return { ...document, steps: { ...document.steps, [id]: edit(step) } }
}

function mapSteps(document: WorkflowDocument, edit: (step: Step, id: StepId) => Step): WorkflowDocument {
  return {
    ...document,
    steps: Object.fromEntries(Object.entries(document.steps).map(([id, step]) => [id, edit(step, id)])),
  }
}

function placed(step: Step, position: [number, number] | null | undefined): Step {
  if (position) return { ...step, position }
  if (position === undefined || step.position === undefined) return step
  const { position: _old, ...rest } = step
  return rest
}

function addStep(document: WorkflowDocument, id: StepId, step: Step, index?: number): WorkflowDocument {
  if (Object.hasOwn(document.steps, id)) return document
  const entries = Object.entries(document.steps)
  entries.splice(index ?? entries.length, 0, [id, step])
  return { ...document, start: document.start || id, steps: Object.fromEntries(entries) }
}

/** Takes a step away; what led to it now leads to where it led. */
function removeStep(document: WorkflowDocument, id: StepId): WorkflowDocument {
  const step = document.steps[id]
  if (!step || !Object.hasOwn(document.steps, id)) return document
  const onward = exitsOf(step).find((way) => way.target !== null && way.target !== id)?.target ?? null
  const rest = Object.entries(document.steps).filter(([other]) => other !== id)
  const steps = Object.fromEntries(rest.map(([other, kept]) => [other, detour(kept, id, onward)]))
  return { ...document, start: document.start === id ? (onward ?? rest[0]?.[0] ?? '') : document.start, steps }
}

/** An approval with the steps it guards called otherwise, in all that is said of them; `null` leaves one out. */
export function guarding(step: Step, called: (guard: StepId) => StepId | null): Step {
  if (step.type !== 'approval') return step
  let changed = step
  if (step.guards?.some((guard) => called(guard) !== guard))
    changed = { ...changed, guards: step.guards.map(called).filter((guard) => guard !== null) }
  const editable = Object.entries(step.editable ?? {})
  if (editable.some(([guard]) => called(guard) !== guard)) {
    const kept = editable.flatMap(([guard, fields]) => {
      const name = called(guard)
      return name === null ? [] : [[name, fields] as const]
    })
    const { editable: _old, ...rest } = changed
    changed = kept.length > 0 ? { ...rest, editable: Object.fromEntries(kept) } : rest
  }
  const limited = step.standing && called(step.standing.step)
  if (step.standing && limited !== step.standing.step) {
    const { standing: _old, ...rest } = changed
    changed = limited ? { ...rest, standing: { ...step.standing, step: limited } } : rest
  }
  return changed
}

function detour(step: Step, gone: StepId, onward: StepId | null): Step {
  let changed = step
  for (const way of exitsOf(step)) if (way.target === gone) changed = withExit(changed, way.name, onward)
  return guarding(changed, (guard) => (guard === gone ? null : guard))
}

function renameStep(document: WorkflowDocument, from: StepId, to: StepId): WorkflowDocument {
  if (!Object.hasOwn(document.steps, from) || Object.hasOwn(document.steps, to)) return document
  const steps = Object.fromEntries(
    Object.entries(document.steps).map(([id, step]) => [id === from ? to : id, renamedIn(step, from, to)]),
  )
  const named = document.case === undefined ? {} : { case: inExpressions(document.case, from, to) }
  return { ...document, ...named, start: document.start === from ? to : document.start, steps }
}

/** Follows a new name through exits, guards and the expressions that read the step's output. */
function renamedIn(step: Step, from: StepId, to: StepId): Step {
  let changed = step
  for (const way of exitsOf(step)) if (way.target === from) changed = withExit(changed, way.name, to)
  changed = guarding(changed, (guard) => (guard === from ? to : guard))
  return inExpressions(changed, from, to)
}

/** A value whose expressions read the step's output by its new name. */
function inExpressions<T>(value: T, from: StepId, to: StepId): T {
  return inTexts(value, new RegExp(`\\bsteps\\.${from}\\b`, 'g'), `steps.${to}`) as T
}

function inTexts(value: unknown, pattern: RegExp, replacement: string): unknown {
  if (typeof value === 'string') return value.includes('steps.') ? value.replace(pattern, replacement) : value
  if (Array.isArray(value)) {
    const items: unknown[] = value.map((item) => inTexts(item, pattern, replacement))
    return items.every((item, index) => item === value[index]) ? value : items
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [
    key,
    inTexts(inner, pattern, replacement),
  ])
  return entries.every(([key, inner]) => inner === (value as Record<string, unknown>)[key])
    ? value
    : Object.fromEntries(entries)
}
