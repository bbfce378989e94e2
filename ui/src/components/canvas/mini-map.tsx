import { Panel, useReactFlow, useStore, type ReactFlowState } from '@xyflow/react'
import { memo, useEffect, useMemo, useRef, useState, type PointerEvent } from 'react'
import type { BranchEdgeType } from './branch-edge'
import type { StepNode } from './step-card'

const MAP = { width: 150, height: 104 }
const EDGE = 0.05

type Rect = { x: number; y: number; width: number; height: number }

/** The part of the document that is in view. */
function seen({ transform: [x, y, zoom], width, height }: ReactFlowState): Rect {
  return { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom }
}

function sameRect(a: Rect, b: Rect): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height
}

function around(rects: readonly Rect[]): Rect {
  const x = Math.min(...rects.map((rect) => rect.x))
  const y = Math.min(...rects.map((rect) => rect.y))
  return {
    x,
    y,
    width: Math.max(...rects.map((rect) => rect.x + rect.width)) - x,
    height: Math.max(...rects.map((rect) => rect.y + rect.height)) - y,
  }
}

const boxPath = ({ x, y, width, height }: Rect) => `M${x},${y}h${width}v${height}h${-width}z`

const Cards = memo(function Cards({ path }: { path: string }) {
  return <path d={path} className="react-flow__minimap-node" shapeRendering="crispEdges" />
})

/**
 * The whole workflow, small; dragging in it moves the view, the wheel zooms.
 * All cards are one shape: xyflow's own map follows every card by itself, five hundred of them in every frame of a
 * drag.
 */
export function MiniMap({ nodes, label }: { nodes: readonly StepNode[]; label: string }) {
  const flow = useReactFlow<StepNode, BranchEdgeType>()
  const view = useStore(seen, sameRect)
  const svg = useRef<SVGSVGElement>(null)
  const held = useRef({ x: 0, y: 0 })
  // A card being dragged is moved here when it is dropped.
  const [still, setStill] = useState(nodes)
  if (still !== nodes && !nodes.some((node) => node.dragging)) setStill(nodes)
  const boxes = useMemo(
    () => still.map(({ position, width = 0, height = 0 }) => ({ ...position, width, height })),
    [still],
  )
  const cards = useMemo(
    () => ({ path: boxes.map(boxPath).join(''), bounds: boxes.length > 0 ? around(boxes) : undefined }),
    [boxes],
  )
  const all = cards.bounds ? around([cards.bounds, view]) : view
  const scale = Math.max(all.width / MAP.width, all.height / MAP.height) || 1
  const frame = {
    x: all.x + all.width / 2 - MAP.width * scale * (0.5 + EDGE),
    y: all.y + all.height / 2 - MAP.height * scale * (0.5 + EDGE),
    width: MAP.width * scale * (1 + 2 * EDGE),
    height: MAP.height * scale * (1 + 2 * EDGE),
  }
  useEffect(() => {
    const map = svg.current
    // React listens to the wheel passively; the page must not scroll.
    const zoom = (event: WheelEvent) => {
      event.preventDefault()
      void flow.zoomTo(flow.getZoom() * 2 ** (-event.deltaY * 0.002))
    }
    map?.addEventListener('wheel', zoom, { passive: false })
    return () => map?.removeEventListener('wheel', zoom)
  }, [flow])
  const hold = (event: PointerEvent) => {
    event.currentTarget.setPointerCapture(event.pointerId)
    held.current = { x: event.clientX, y: event.clientY }
  }
  const move = (event: PointerEvent) => {
    if (event.buttons !== 1) return
    const { x, y, zoom } = flow.getViewport()
    const step = (frame.width / MAP.width) * zoom
    void flow.setViewport({
      x: x - (event.clientX - held.current.x) * step,
      y: y - (event.clientY - held.current.y) * step,
      zoom,
    })
    held.current = { x: event.clientX, y: event.clientY }
  }
  return (
    <Panel position="bottom-right" className="react-flow__minimap !hidden md:!block" data-testid="rf__minimap">
      <svg
        ref={svg}
        role="img"
        aria-label={label}
        width={MAP.width}
        height={MAP.height}
        viewBox={`${frame.x} ${frame.y} ${frame.width} ${frame.height}`}
        className="react-flow__minimap-svg"
        onPointerDown={hold}
        onPointerMove={move}
      >
        <Cards path={cards.path} />
        <path
          d={boxPath(frame) + boxPath(view)}
          fillRule="evenodd"
          pointerEvents="none"
          className="react-flow__minimap-mask"
        />
      </svg>
    </Panel>
  )
}
