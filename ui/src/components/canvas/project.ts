import { MarkerType } from '@xyflow/react'
import type { Change } from '@/model/compare'
import { titleOf, type Step, type WorkflowDocument } from '@/model/document'
import { exitsOf, type Exit } from '@/model/exits'
import { edgesOf, type Overlay } from '@/model/graph'
import { CARD_HEIGHT, CARD_WIDTH, positions } from '@/model/layout'
import { routes, type Line, type Route } from '@/model/routes'
import type { BranchEdgeData, BranchEdgeType } from './branch-edge'
import { handlesOf, type StepNode, type StepNodeData } from './step-card'

export type Marks = Map<string, { errors: number; warnings: number }>
type Projection = {
  overlay?: Overlay
  marks?: Marks
  changes?: ReadonlyMap<string, Change>
  editable?: boolean
  selected?: ReadonlySet<string>
  insert?: Pick<BranchEdgeData, 'onInsert' | 'insertLabel'>
}

type Shown = { spots: Map<string, [number, number]>; editable: boolean }

/** The spaced handles of a card, in the order of what they lead to, so that lines cross less. */
function shownExits(step: Step, x: number, { spots, editable }: Shown): Exit[] {
  const exits = exitsOf(step).filter((way) => way.target !== null || (editable && !way.optional))
  const targetX = (way: Exit) => spots.get(way.target ?? '')?.[0] ?? x
  return exits.sort((a, b) => targetX(a) - targetX(b))
}

const NONE: Exit[] = []

/** The document as nodes of the canvas. */
export function nodesOf(
  document: WorkflowDocument,
  { overlay, marks, changes, editable = false, selected }: Projection,
): StepNode[] {
  const spots = positions(document)
  return Object.entries(document.steps).map(([id, step]) => {
    const [x, y] = spots.get(id) ?? [0, 0]
    const mark = marks?.get(id)
    const exits = shownExits(step, x, { spots, editable })
    const unused =
      editable && selected?.has(id) ? exitsOf(step).filter((way) => way.target === null && way.optional) : NONE
    const data: StepNodeData = {
      step,
      start: document.start === id,
      editable,
      exits,
      unused,
      ran: overlay ? (overlay.steps.get(id) ?? null) : undefined,
      errors: mark?.errors ?? 0,
      warnings: mark?.warnings ?? 0,
      change: changes?.get(id),
    }
    return {
      id,
      type: 'step',
      position: { x, y },
      selected: selected?.has(id) ?? false,
      draggable: editable,
      width: CARD_WIDTH,
      height: CARD_HEIGHT,
      handles: handlesOf(data),
      data,
      ariaLabel: [step.title || id, step.type, changes?.get(id)].filter(Boolean).join(', '),
    }
  })
}

function sameExits(a: readonly Exit[], b: readonly Exit[]): boolean {
  return (
    a.length === b.length &&
    a.every(
      (way, index) => way.name === b[index]?.name && way.target === b[index]?.target && way.label === b[index]?.label,
    )
  )
}

function sameNode(a: StepNode, b: StepNode): boolean {
  const { data: x } = a
  const { data: y } = b
  return (
    x.step === y.step &&
    a.position.x === b.position.x &&
    a.position.y === b.position.y &&
    a.selected === b.selected &&
    a.draggable === b.draggable &&
    a.measured === b.measured &&
    x.start === y.start &&
    x.editable === y.editable &&
    x.errors === y.errors &&
    x.warnings === y.warnings &&
    x.ran === y.ran &&
    x.change === y.change &&
    sameExits(x.exits, y.exits) &&
    sameExits(x.unused, y.unused)
  )
}

function sameEdge(a: BranchEdgeType, b: BranchEdgeType): boolean {
  const { data: x } = a
  const { data: y } = b
  const [old, now] = [x?.route, y?.route]
  const sameRoute =
    old === now ||
    (old !== undefined &&
      now !== undefined &&
      old.out === now.out &&
      old.column === now.column &&
      old.into === now.into &&
      old.from[0] === now.from[0] &&
      old.from[1] === now.from[1] &&
      old.to[0] === now.to[0] &&
      old.to[1] === now.to[1])
  return (
    sameRoute &&
    a.target === b.target &&
    a.selected === b.selected &&
    a.reconnectable === b.reconnectable &&
    x?.label === y?.label &&
    x?.tone === y?.tone &&
    x?.taken === y?.taken &&
    x?.lane === y?.lane &&
    x?.onInsert === y?.onInsert &&
    x?.insertLabel === y?.insertLabel
  )
}

/** Keeps the objects of what has not changed, and the list when nothing has: only the others are drawn again. */
function reusing<T extends { id: string }>(same: (a: T, b: T) => boolean): (items: readonly T[]) => T[] {
  let list: T[] = []
  let before = new Map<string, T>()
  return (items) => {
    const kept = items.map((item) => {
      const old = before.get(item.id)
      return old && same(old, item) ? old : item
    })
    if (kept.length === list.length && kept.every((item, index) => item === list[index])) return list
    list = kept
    before = new Map(kept.map((item) => [item.id, item]))
    return kept
  }
}

export const reusingNodes = () => reusing(sameNode)
export const reusingEdges = () => reusing(sameEdge)

/** The way of every connection around the cards. */
function edgeRoutes(
  document: WorkflowDocument,
  editable: boolean,
): { ways: Map<string, Route>; lanes: Map<string, number> } {
  const lanes = new Map<string, number>()
  const spots = positions(document)
  const boxes = [...spots.values()].map(([x, y]) => ({ x, y, width: CARD_WIDTH, height: CARD_HEIGHT }))
  const lines = Object.entries(document.steps).flatMap(([id, step]) => {
    const [x, y] = spots.get(id) ?? [0, 0]
    const exits = shownExits(step, x, { spots, editable })
    return exits.flatMap((way, index): Line[] => {
      const target = way.target === null ? undefined : spots.get(way.target)
      if (!target || way.target === null) return []
      if (exits.length > 1) lanes.set(`${id}:${way.name}`, index)
      const from = [x + (CARD_WIDTH * (index + 1)) / (exits.length + 1), y + CARD_HEIGHT] as const
      return [
        { id: `${id}:${way.name}`, from, to: [target[0] + CARD_WIDTH / 2, target[1]], target: way.target, lane: index },
      ]
    })
  })
  return { ways: routes(lines, boxes), lanes }
}

/** The document's connections as edges of the canvas. */
export function canvasEdges(
  document: WorkflowDocument,
  { overlay, editable = false, insert }: Projection,
  selected?: ReadonlySet<string>,
): BranchEdgeType[] {
  const { ways, lanes } = edgeRoutes(document, editable)
  const edges = edgesOf(document)
  // Later lines are drawn over earlier ones; the path taken comes on top.
  if (overlay) edges.sort((a, b) => Number(overlay.edges.has(a.id)) - Number(overlay.edges.has(b.id)))
  return edges.map((edge) => {
    const taken = overlay ? overlay.edges.has(edge.id) : undefined
    return {
      id: edge.id,
      type: 'branch',
      source: edge.from,
      sourceHandle: edge.exit,
      target: edge.to,
      selected: selected?.has(edge.id) ?? false,
      reconnectable: editable,
      markerEnd: {
        type: MarkerType.ArrowClosed,
        width: 16,
        height: 16,
        color: taken ? 'var(--accent)' : 'var(--line-strong)',
      },
      data: {
        label: edge.label,
        tone: edge.tone,
        taken,
        route: ways.get(edge.id),
        lane: lanes.get(edge.id),
        onInsert: insert?.onInsert,
        insertLabel:
          insert &&
          `${insert.insertLabel}: ${titleOf(edge.from, document.steps[edge.from])}, ${edge.label || edge.exit}`,
      },
    }
  })
}
