import { MarkerType } from '@xyflow/react'
import type { Change } from '@/model/compare'
import type { WorkflowDocument } from '@/model/document'
import { exitsOf, type Exit } from '@/model/exits'
import { edgesOf, type Overlay } from '@/model/graph'
import { CARD_HEIGHT, CARD_WIDTH, positions } from '@/model/layout'
import type { BranchEdgeData, BranchEdgeType } from './branch-edge'
import type { StepNode } from './step-card'

export type Marks = Map<string, { errors: number; warnings: number }>
export type Projection = {
  overlay?: Overlay
  marks?: Marks
  changes?: ReadonlyMap<string, Change>
  editable?: boolean
  selected?: ReadonlySet<string>
  insert?: Pick<BranchEdgeData, 'onInsert' | 'insertLabel'>
}

/** The document as nodes of the canvas. */
export function nodesOf(document: WorkflowDocument, { overlay, marks, changes, editable = false, selected }: Projection): StepNode[] {
  const spots = positions(document)
  return Object.entries(document.steps).map(([id, step]) => {
    const [x, y] = spots.get(id) ?? [0, 0]
    const mark = marks?.get(id)
    const exits = exitsOf(step).filter((way) => way.target !== null || (editable && (!way.optional || selected?.has(id))))
    const targetX = (way: Exit) => spots.get(way.target ?? '')?.[0] ?? x
    // Handles stand in the order of what they lead to, so that lines cross less.
    exits.sort((a, b) => targetX(a) - targetX(b))
    return {
      id,
      type: 'step',
      position: { x, y },
      selected: selected?.has(id) ?? false,
      draggable: editable,
      width: CARD_WIDTH,
      initialHeight: CARD_HEIGHT,
      data: { step, start: document.start === id, editable, exits, ran: overlay ? (overlay.steps.get(id) ?? null) : undefined, errors: mark?.errors ?? 0, warnings: mark?.warnings ?? 0, change: changes?.get(id) },
      ariaLabel: [step.title || id, step.type, changes?.get(id)].filter(Boolean).join(', '),
    }
  })
}

/** The document's connections as edges of the canvas. */
export function canvasEdges(document: WorkflowDocument, { overlay, editable = false, insert }: Projection, selected?: ReadonlySet<string>): BranchEdgeType[] {
  const lanes = new Map<string, number>()
  const edges = edgesOf(document)
  // Later lines are drawn over earlier ones; the path taken comes on top.
  if (overlay) edges.sort((a, b) => Number(overlay.edges.has(a.id)) - Number(overlay.edges.has(b.id)))
  return edges.map((edge) => {
    const lane = lanes.get(edge.from) ?? 0
    lanes.set(edge.from, lane + 1)
    const taken = overlay ? overlay.edges.has(edge.id) : undefined
    return {
      id: edge.id,
      type: 'branch',
      source: edge.from,
      sourceHandle: edge.exit,
      target: edge.to,
      selected: selected?.has(edge.id) ?? false,
      reconnectable: editable,
      markerEnd: { type: MarkerType.ArrowClosed, width: 16, height: 16, color: taken ? 'var(--accent)' : 'var(--line-strong)' },
      data: { label: edge.label, tone: edge.tone, taken, lane, ...insert },
    }
  })
}
