import '@xyflow/react/dist/style.css'
import './canvas.css'
import { Background, BackgroundVariant, Controls, MiniMap, ReactFlow, ReactFlowProvider, type ReactFlowProps } from '@xyflow/react'
import { useMemo } from 'react'
import { shownTheme, theme } from '@/app/theme'
import type { WorkflowDocument } from '@/model/document'
import type { Overlay } from '@/model/graph'
import { useStore } from '@/ui/store'
import { strings } from '../strings'
import { BranchEdge, type BranchEdgeType } from './branch-edge'
import { canvasEdges, nodesOf, type Marks } from './project'
import { StepCard, type StepNode } from './step-card'

const NODE_TYPES = { step: StepCard }
const EDGE_TYPES = { branch: BranchEdge }

/** The drawing surface, same for looking and for editing. */
export function CanvasSurface({ children, bare, ...props }: ReactFlowProps<StepNode, BranchEdgeType> & { bare?: boolean }) {
  useStore(theme)
  return (
    <ReactFlow<StepNode, BranchEdgeType>
      aria-label={strings.canvas.label}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      colorMode={shownTheme()}
      fitView
      fitViewOptions={{ maxZoom: 1, padding: 0.15 }}
      minZoom={0.1}
      maxZoom={1.75}
      onlyRenderVisibleElements={(props.nodes?.length ?? 0) > 80}
      proOptions={{ hideAttribution: true }}
      {...props}
    >
      <Background variant={BackgroundVariant.Dots} gap={20} size={1} />
      <Controls showInteractive={false} />
      {!bare && <MiniMap pannable zoomable ariaLabel={strings.canvas.label} className="!hidden md:!block" />}
      {children}
    </ReactFlow>
  )
}

type Props = { document: WorkflowDocument; overlay?: Overlay; marks?: Marks; selected?: string; onSelect?: (step: string | null) => void }

/** A workflow to look at, optionally with the path of a run. */
export function WorkflowCanvas({ document, overlay, marks, selected, onSelect }: Props) {
  const nodes = useMemo(() => nodesOf(document, { overlay, marks, selected: selected ? new Set([selected]) : undefined }), [document, overlay, marks, selected])
  const edges = useMemo(() => canvasEdges(document, { overlay }), [document, overlay])
  return (
    <ReactFlowProvider>
      <CanvasSurface nodes={nodes} edges={edges} nodesDraggable={false} nodesConnectable={false} edgesFocusable={false} onNodeClick={(_, node) => onSelect?.(node.id)} onPaneClick={() => onSelect?.(null)} />
    </ReactFlowProvider>
  )
}
