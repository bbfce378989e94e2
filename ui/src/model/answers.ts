/** What forms asked for before a step. */
import type { StepId, WorkflowDocument } from './document'
import { edgesOf } from './graph'
import { schemaFields } from './schema'

type Answer = { title: string; path: string }

/** A step and all from which it can be reached. */
function upTo(document: WorkflowDocument, step: StepId): Set<StepId> {
  const edges = edgesOf(document)
  const seen = new Set<StepId>()
  const queue = [step]
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    for (const edge of edges) if (edge.to === id) queue.push(edge.from)
  }
  return seen
}

/** The answers in text that are known after a step, each with its label and how it is read. */
export function answersBefore(document: WorkflowDocument, step: StepId): Answer[] {
  return [...upTo(document, step)].flatMap((id) => {
    const asked = document.steps[id]
    if (asked?.type !== 'collect_form') return []
    return schemaFields(asked.form)
      .filter((field) => field.type === 'string' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(field.name))
      .map((field) => ({ title: field.title, path: `steps.${id}.output.${field.name}` }))
  })
}
