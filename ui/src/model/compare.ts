/** Two documents on the same ground, for drawing them side by side. */
import type { StepId, WorkflowDocument } from './document'
import { positions } from './layout'

export type Change = 'added' | 'removed' | 'changed' | 'moved' | 'renamed'

type StepChange = { kind: Change; step: string; was?: string | null }

/** What each step of the earlier and of the later document is marked with. */
export function changeMarks(changes: readonly StepChange[]): {
  before: Map<StepId, Change>
  after: Map<StepId, Change>
} {
  const before = new Map<StepId, Change>()
  const after = new Map<StepId, Change>()
  for (const { kind, step, was } of changes) {
    if (kind !== 'added') before.set(was ?? step, kind)
    if (kind !== 'removed') after.set(step, kind)
  }
  return { before, after }
}

/** Both documents with what they have in common at the same place; what somebody placed stays there. */
export function aligned(
  before: WorkflowDocument,
  after: WorkflowDocument,
  changes: readonly StepChange[],
): { before: WorkflowDocument; after: WorkflowDocument } {
  const placed = [...Object.values(before.steps), ...Object.values(after.steps)].some((step) => step.position)
  if (placed) return { before, after }
  const names = new Map(changes.filter((change) => change.was).map((change) => [change.was as string, change.step]))
  const only = Object.entries(before.steps).filter(([id]) => !names.has(id) && !Object.hasOwn(after.steps, id))
  const spots = positions({ ...after, steps: { ...after.steps, ...Object.fromEntries(only) } })
  const at = (document: WorkflowDocument): WorkflowDocument => ({
    ...document,
    steps: Object.fromEntries(
      Object.entries(document.steps).map(([id, step]) => [
        id,
        { ...step, position: spots.get(names.get(id) ?? id) ?? [0, 0] },
      ]),
    ),
  })
  return { before: at(before), after: at(after) }
}
