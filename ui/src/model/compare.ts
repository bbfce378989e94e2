/** Two documents on the same ground, for drawing them side by side. */
import type { StepId, WorkflowDocument } from './document'
import { positions } from './layout'

export type Change = 'added' | 'removed' | 'changed' | 'moved' | 'renamed'

type StepChange = { kind: Change; step: string; was?: string | null }

/** What each step of the earlier and of the later document is marked with. */
export function changeMarks(changes: readonly StepChange[]): { before: Map<StepId, Change>; after: Map<StepId, Change> } {
  const before = new Map<StepId, Change>()
  const after = new Map<StepId, Change>()
  for (const { kind, step, was } of changes) {
    if (kind !== 'added') before.set(was ?? step, kind)
    if (kind !== 'removed') after.set(step, kind)
  }
  return { before, after }
}

/** The earlier document with its steps where the later one draws them, unless somebody placed them. */
export function aligned(before: WorkflowDocument, after: WorkflowDocument, changes: readonly StepChange[]): WorkflowDocument {
  const placed = Object.values(before.steps)
  if (placed.length === 0 || placed.some((step) => step.position)) return before
  const spots = positions(after)
  const names = new Map(changes.filter((change) => change.was).map((change) => [change.was as string, change.step]))
  const own = positions(before)
  return {
    ...before,
    steps: Object.fromEntries(Object.entries(before.steps).map(([id, step]) => [id, { ...step, position: spots.get(names.get(id) ?? id) ?? own.get(id) }])),
  }
}
