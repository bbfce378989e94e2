import dagre from '@dagrejs/dagre'
import type { StepId, WorkflowDocument } from './document'
import type { Tone } from './exits'
import { edgesOf, type GraphEdge } from './graph'

export const CARD_WIDTH = 248
export const CARD_HEIGHT = 76

/** The main line is kept straight; what happens on errors and timeouts goes around. */
const WEIGHT: Record<Tone, number> = { plain: 6, good: 8, bad: 1, quiet: 1 }

/** The last layout, and what it was made of: most changes of a document leave its shape as it was. */
let last: { shape: string; spots: Map<StepId, [number, number]> } | undefined

/** Top-left corner for every step, laid out from top to bottom. */
export function layout(document: WorkflowDocument): Map<StepId, [number, number]> {
  const edges = edgesOf(document)
  const shape = JSON.stringify([Object.keys(document.steps), edges])
  if (last?.shape !== shape) last = { shape, spots: laidOut(document, edges) }
  return last.spots
}

function laidOut(document: WorkflowDocument, edges: readonly GraphEdge[]): Map<StepId, [number, number]> {
  const graph = new dagre.graphlib.Graph({ multigraph: true })
  graph.setGraph({ rankdir: 'TB', nodesep: 44, ranksep: 72, edgesep: 24, marginx: 24, marginy: 24 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const id of Object.keys(document.steps)) graph.setNode(id, { width: CARD_WIDTH, height: CARD_HEIGHT })
  for (const edge of edges)
    graph.setEdge(
      edge.from,
      edge.to,
      { width: Math.min(edge.label.length, 24) * 7, height: 18, weight: WEIGHT[edge.tone] },
      edge.id,
    )
  dagre.layout(graph)
  return new Map(
    graph.nodes().map((id) => {
      const node = graph.node(id) as { x: number; y: number }
      return [id, [Math.round(node.x - CARD_WIDTH / 2), Math.round(node.y - CARD_HEIGHT / 2)]]
    }),
  )
}

/** Whether every card is left to the layout, since nobody has placed one. */
export function isAutomatic(document: WorkflowDocument): boolean {
  return Object.values(document.steps).every((step) => !step.position)
}

/** Where every step is drawn: its own position, or the automatic one for a document in which any is missing. */
export function positions(document: WorkflowDocument): Map<StepId, [number, number]> {
  const steps = Object.entries(document.steps)
  if (steps.length > 0 && steps.every(([, step]) => step.position)) {
    return new Map(steps.map(([id, step]) => [id, step.position as [number, number]]))
  }
  const automatic = layout(document)
  if (isAutomatic(document)) return automatic
  return new Map(steps.map(([id, step]) => [id, step.position ?? automatic.get(id) ?? [0, 0]]))
}
