import { useReactFlow, type Connection, type EdgeChange, type NodeChange, type XYPosition } from '@xyflow/react'
import { useCallback, useEffect, useMemo, useState, type DragEvent } from 'react'
import { CanvasSurface } from '@/components/canvas/canvas'
import type { BranchEdgeType } from '@/components/canvas/branch-edge'
import { canvasEdges, nodesOf, reusingEdges, reusingNodes } from '@/components/canvas/project'
import type { StepNode } from '@/components/canvas/step-card'
import type { StepType } from '@/model/document'
import type { Overlay } from '@/model/graph'
import { CARD_WIDTH } from '@/model/layout'
import { addStep, moveSteps, newStep } from '@/model/operations/edits'
import { later } from '@/ui/later'
import { useBuilder, useDocument, useFound, useView } from './context'
import { marksOf, type Builder } from './stores'
import { strings } from './strings'

/** Room the palette takes at the left of the canvas, with the names of the kinds and without. */
export const toolsPx = (): number => (matchMedia('(min-width: 80rem)').matches ? 172 : 48)
/** Cards stand where they belong once React has drawn them. */
export const DRAWN_MS = 50
export const DRAG_TYPE = 'application/x-countersign-step'

function splitEdge(edge: string): { from: string; exit: string } {
  const at = edge.indexOf(':')
  return { from: edge.slice(0, at), exit: edge.slice(at + 1) }
}

/** Nodes are a projection of the document; only a drag in progress lives here. */
function useNodes(builder: Builder, editable: boolean, overlay?: Overlay) {
  const document = useDocument()
  const selected = useView((view) => view.selected)
  const diagnostics = useFound()
  const marks = useMemo(() => marksOf(diagnostics), [diagnostics])
  const projected = useMemo(
    () => nodesOf(document, { marks, editable, selected, overlay }),
    [document, marks, editable, selected, overlay],
  )
  const [measured, setMeasured] = useState<Record<string, StepNode['measured']>>({})
  const [dragged, setDragged] = useState<Record<string, XYPosition>>({})
  const [reused] = useState(reusingNodes)
  const base = useMemo(
    () => reused(projected.map((node) => ({ ...node, measured: measured[node.id] }))),
    [reused, projected, measured],
  )
  // While a card is dragged only that card is a new object; the other five hundred are not drawn again.
  const nodes = useMemo(
    () =>
      base.map((node) =>
        dragged[node.id] ? { ...node, position: dragged[node.id] as XYPosition, dragging: true } : node,
      ),
    [base, dragged],
  )
  const onNodesChange = useCallback(
    (changes: NodeChange<StepNode>[]) => {
      const picks = changes.filter((change) => change.type === 'select')
      if (picks.length > 0) {
        const next = new Set(builder.view.get().selected)
        for (const pick of picks) {
          if (pick.selected) next.add(pick.id)
          else next.delete(pick.id)
        }
        builder.show(next.size > 0 ? { selected: next, edge: null, focus: null } : { selected: next })
      }
      const sizes = changes.filter((change) => change.type === 'dimensions').filter((change) => change.dimensions)
      if (sizes.length > 0)
        setMeasured((old) => ({ ...old, ...Object.fromEntries(sizes.map((change) => [change.id, change.dimensions])) }))
      const moves = changes
        .filter((change) => change.type === 'position')
        .filter((change) => change.dragging && change.position)
      if (moves.length > 0)
        setDragged((old) => ({
          ...old,
          ...Object.fromEntries(moves.map((change) => [change.id, change.position as XYPosition])),
        }))
    },
    [builder],
  )
  return { nodes, onNodesChange, dropped: () => setDragged({}) }
}

function useEdges(builder: Builder, editable: boolean, overlay?: Overlay) {
  const document = useDocument()
  const chosen = useView((view) => view.edge)
  const insert = useMemo(
    () =>
      editable
        ? {
            insertLabel: strings.addDialog.insert,
            onInsert: (edge: string) => builder.show({ adding: splitEdge(edge) }),
          }
        : undefined,
    [builder, editable],
  )
  const [reused] = useState(reusingEdges)
  return useMemo(
    () => reused(canvasEdges(document, { editable, insert, overlay }, chosen ? new Set([chosen]) : undefined)),
    [reused, document, editable, insert, overlay, chosen],
  )
}

/** Brings the step that was chosen into sight when it is not there: an added one may stand anywhere. */
function useInSight(): void {
  const flow = useReactFlow()
  const selected = useView((view) => view.selected)
  useEffect(() => {
    const [id] = selected
    if (id === undefined || selected.size > 1) return undefined
    return later(() => {
      const pane = document.querySelector('.react-flow')?.getBoundingClientRect()
      const card = document.querySelector(`.react-flow__node[data-id="${CSS.escape(id)}"]`)?.getBoundingClientRect()
      const x = card ? card.left + card.width / 2 : -1
      const y = card ? card.top + card.height / 2 : -1
      if (!pane || x < pane.left || x > pane.right || y < pane.top || y > pane.bottom)
        void flow.fitView({ nodes: [{ id }], duration: 200, minZoom: flow.getZoom(), maxZoom: flow.getZoom() })
    }, DRAWN_MS)
  }, [flow, selected])
}

/** The canvas to edit on: drag, connect, drop, insert. The overlay shows a path that was played. */
export function EditCanvas({ editable, overlay }: { editable: boolean; overlay?: Overlay }) {
  const builder = useBuilder()
  const flow = useReactFlow()
  useInSight()
  const { nodes, onNodesChange, dropped } = useNodes(builder, editable, overlay)
  const edges = useEdges(builder, editable, overlay)

  const onEdgesChange = (changes: EdgeChange<BranchEdgeType>[]) => {
    for (const change of changes) {
      if (change.type !== 'select') continue
      if (change.selected) builder.show({ edge: change.id })
      else if (builder.view.get().edge === change.id) builder.show({ edge: null })
    }
  }
  const onConnect = ({ source, sourceHandle, target }: Connection) =>
    builder.perform({ op: 'connect', id: source, exit: sourceHandle ?? 'next', target })
  const onReconnect = (old: BranchEdgeType, next: Connection) => {
    const was = splitEdge(old.id)
    const moved = { op: 'connect' as const, id: next.source, exit: next.sourceHandle ?? 'next', target: next.target }
    if (moved.id === was.from && moved.exit === was.exit) builder.perform(moved)
    else
      builder.perform({
        op: 'batch',
        name: 'reconnect',
        operations: [{ op: 'connect', id: was.from, exit: was.exit, target: null }, moved],
      })
  }
  const onNodeDragStop = (_: unknown, __: StepNode, dragged: StepNode[]) => {
    const moved = Object.fromEntries(
      dragged.map((node) => [node.id, [Math.round(node.position.x), Math.round(node.position.y)] as [number, number]]),
    )
    builder.perform(moveSteps(builder.history.get().document, moved))
    dropped()
  }
  const onDrop = (event: DragEvent) => {
    const type = event.dataTransfer.getData(DRAG_TYPE) as StepType | ''
    if (!type) return
    event.preventDefault()
    const { x, y } = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY })
    const edit = addStep(
      builder.history.get().document,
      { at: [Math.round(x - CARD_WIDTH / 2), Math.round(y - 20)] },
      (next) => newStep(type, next),
      type,
    )
    builder.perform(edit.operation)
    builder.select([edit.id])
  }
  return (
    <CanvasSurface
      tools={editable ? toolsPx() : 0}
      nodes={nodes}
      edges={edges}
      nodesDraggable={editable}
      nodesConnectable={editable}
      edgesReconnectable={editable}
      deleteKeyCode={null}
      disableKeyboardA11y
      selectNodesOnDrag={false}
      selectionKeyCode="Shift"
      multiSelectionKeyCode={['Meta', 'Control']}
      snapToGrid
      snapGrid={[10, 10]}
      connectionRadius={40}
      onNodesChange={onNodesChange}
      onEdgesChange={onEdgesChange}
      onConnect={onConnect}
      onReconnect={onReconnect}
      onConnectEnd={(event, state) => {
        if (!editable || state.isValid || state.fromNode === null || state.fromHandle?.type !== 'source') return
        const { clientX, clientY } = 'changedTouches' in event ? (event.changedTouches[0] as Touch) : event
        const { x, y } = flow.screenToFlowPosition({ x: clientX, y: clientY })
        builder.show({
          adding: {
            from: state.fromNode.id,
            exit: state.fromHandle.id ?? 'next',
            at: [Math.round(x - CARD_WIDTH / 2), Math.round(y)],
          },
        })
      }}
      onNodeDragStop={onNodeDragStop}
      onPaneClick={() => builder.select([])}
      onDragOver={(event) => {
        event.preventDefault()
        event.dataTransfer.dropEffect = 'copy'
      }}
      onDrop={onDrop}
    />
  )
}
