import type { StepId, WorkflowDocument } from './document'
import { exitsOf, type Tone } from './exits'

export type GraphEdge = { id: string; from: StepId; exit: string; to: StepId; label: string; tone: Tone }

/** Every drawn connection, in the author's order. Targets that do not exist are left out. */
export function edgesOf(document: WorkflowDocument): GraphEdge[] {
  return Object.entries(document.steps).flatMap(([from, step]) =>
    exitsOf(step)
      .filter((way) => way.target !== null && Object.hasOwn(document.steps, way.target))
      .map((way) => ({
        id: `${from}:${way.name}`,
        from,
        exit: way.name,
        to: way.target as string,
        label: way.label,
        tone: way.tone,
      })),
  )
}

/**
 * What a run did on the graph: the status of each step it entered (the newest visit counts) and the connections it
 * took.
 */
export type Overlay = { steps: Map<StepId, { status: string; visits: number }>; edges: Set<string> }

type Visit = { step: string; status: string; branch?: string | null }

export function overlayOf(document: WorkflowDocument, visits: readonly Visit[]): Overlay {
  const steps: Overlay['steps'] = new Map()
  const edges = new Set<string>()
  const known = edgesOf(document)
  visits.forEach((visit, index) => {
    steps.set(visit.step, { status: visit.status, visits: (steps.get(visit.step)?.visits ?? 0) + 1 })
    const next = visits[index + 1]
    if (!next) return
    const ways = known.filter((edge) => edge.from === visit.step && edge.to === next.step)
    const taken = ways.find((edge) => edge.exit === visit.branch) ?? ways[0]
    if (taken) edges.add(taken.id)
  })
  return { steps, edges }
}

/** Steps no path from the start reaches. */
export function unreachable(document: WorkflowDocument): Set<StepId> {
  const seen = new Set<StepId>()
  const queue = [document.start]
  const edges = edgesOf(document)
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (seen.has(id) || !Object.hasOwn(document.steps, id)) continue
    seen.add(id)
    for (const edge of edges) if (edge.from === id) queue.push(edge.to)
  }
  return new Set(Object.keys(document.steps).filter((id) => !seen.has(id)))
}
