import dagre from '@dagrejs/dagre'
import type { StepId, WorkflowDocument } from './document'
import type { Tone } from './exits'
import { edgesOf } from './graph'

export const CARD_WIDTH = 248
export const CARD_HEIGHT = 76

/** The main line is kept straight; what happens on errors and timeouts goes around. */
const WEIGHT: Record<Tone, number> = { plain: 6, good: 8, bad: 1, quiet: 1 }

/** Top-left corner for every step, laid out from top to bottom. */
export function layout(document: WorkflowDocument): Map<StepId, [number, number]> {
  const graph = new dagre.graphlib.Graph({ multigraph: true })
  graph.setGraph({ rankdir: 'TB', nodesep: 44, ranksep: 72, edgesep: 24, marginx: 24, marginy: 24 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const id of Object.keys(document.steps)) graph.setNode(id, { width: CARD_WIDTH, height: CARD_HEIGHT })
  for (const edge of edgesOf(document))
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

/** Where every step is drawn: its own position, or the automatic one for a document in which any is missing. */
export function positions(document: WorkflowDocument): Map<StepId, [number, number]> {
  const steps = Object.entries(document.steps)
  if (steps.length > 0 && steps.every(([, step]) => step.position)) {
    return new Map(steps.map(([id, step]) => [id, step.position as [number, number]]))
  }
  const automatic = layout(document)
  if (steps.every(([, step]) => !step.position)) return automatic
  return new Map(steps.map(([id, step]) => [id, step.position ?? automatic.get(id) ?? [0, 0]]))
}
