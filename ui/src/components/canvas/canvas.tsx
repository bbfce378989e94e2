import '@xyflow/react/dist/style.css'
import './canvas.css'
import {
  Background,
  BackgroundVariant,
  ControlButton,
  Controls,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore as useFlowStore,
  type ReactFlowInstance,
  type ReactFlowProps,
  type ReactFlowState,
} from '@xyflow/react'
import { Maximize } from 'lucide-react'
import { useMemo, useRef, type RefObject } from 'react'
import { shownTheme, theme } from '@/app/theme'
import type { WorkflowDocument } from '@/model/document'
import type { Overlay } from '@/model/graph'
import { useStore } from '@/ui/store'
import { strings } from '../strings'
import { BranchEdge, type BranchEdgeType } from './branch-edge'
import { MiniMap } from './mini-map'
import { canvasEdges, nodesOf, type Marks } from './project'
import { StepCard, type StepNode } from './step-card'

const NODE_TYPES = { step: StepCard }
const EDGE_TYPES = { branch: BranchEdge }
const MAP_SPACE = 190
/** Below this, cards show their title and kind only. */
const FAR_ZOOM = 0.6
const isFar = (flow: ReactFlowState) => flow.transform[2] < FAR_ZOOM

/** Whether the person has asked for little motion. */
function still(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches
}

/** Shows everything, with no card under the tools on the left or the mini-map. */
export function fitAll(
  flow: Pick<ReactFlowInstance<StepNode, BranchEdgeType>, 'fitView' | 'getNodes' | 'getNodesBounds'>,
  duration = 0,
  tools = 0,
  pane = document.querySelector('.react-flow'),
): void {
  const wide = (pane?.clientWidth ?? 0) >= 768
  const bounds = flow.getNodesBounds(flow.getNodes())
  const width = (pane?.clientWidth ?? 1) - tools
  const height = pane?.clientHeight ?? 1
  const zoom = (right: number, bottom: number) =>
    Math.min((width - right) / (bounds.width || 1), (height - bottom) / (bounds.height || 1))
  const beside = zoom(MAP_SPACE, 0) >= zoom(0, MAP_SPACE - 46)
  const gap = (px: number): `${number}px` => `${px}px`
  void flow.fitView({
    duration: still() ? 0 : duration,
    maxZoom: 1,
    padding: {
      top: '28px',
      left: gap(28 + tools),
      right: gap(wide && beside ? MAP_SPACE : 28),
      bottom: gap(wide && !beside ? MAP_SPACE - 46 : 28),
    },
  })
}

function FitButton({ tools, surface }: { tools: number; surface: RefObject<HTMLDivElement | null> }) {
  const flow = useReactFlow<StepNode, BranchEdgeType>()
  return (
    <ControlButton
      title={strings.canvas.fit}
      aria-label={strings.canvas.fit}
      onClick={() => fitAll(flow, 200, tools, surface.current)}
    >
      <Maximize size={12} />
    </ControlButton>
  )
}

/** The drawing surface, same for looking and for editing. */
export function CanvasSurface({
  children,
  bare,
  tools = 0,
  onInit,
  ...props
}: ReactFlowProps<StepNode, BranchEdgeType> & { bare?: boolean; tools?: number }) {
  useStore(theme)
  const far = useFlowStore(isFar)
  const surface = useRef<HTMLDivElement>(null)
  return (
    <ReactFlow<StepNode, BranchEdgeType>
      ref={surface}
      aria-label={strings.canvas.label}
      className={far ? 'far' : undefined}
      tabIndex={-1}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      colorMode={shownTheme()}
      onInit={(flow) => {
        fitAll(flow, 0, tools, surface.current)
        onInit?.(flow)
      }}
      minZoom={0.1}
      maxZoom={1.75}
      onlyRenderVisibleElements={(props.nodes?.length ?? 0) > 80}
      proOptions={{ hideAttribution: true }}
      {...props}
    >
      <Background variant={BackgroundVariant.Dots} gap={20} size={1} />
      <Controls showInteractive={false} showFitView={false}>
        <FitButton tools={tools} surface={surface} />
      </Controls>
      {!bare && <MiniMap nodes={props.nodes ?? []} label={strings.canvas.map} />}
      {children}
    </ReactFlow>
  )
}

type Props = {
  document: WorkflowDocument
  overlay?: Overlay
  marks?: Marks
  selected?: string
  onSelect?: (step: string | null) => void
}

/** A workflow to look at, optionally with the path of a run. */
export function WorkflowCanvas({ document, overlay, marks, selected, onSelect }: Props) {
  const nodes = useMemo(
    () => nodesOf(document, { overlay, marks, selected: selected ? new Set([selected]) : undefined }),
    [document, overlay, marks, selected],
  )
  const edges = useMemo(() => canvasEdges(document, { overlay }), [document, overlay])
  return (
    <ReactFlowProvider>
      <CanvasSurface
        nodes={nodes}
        edges={edges}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        onNodeClick={(_, node) => onSelect?.(node.id)}
        onPaneClick={() => onSelect?.(null)}
      />
    </ReactFlowProvider>
  )
}
