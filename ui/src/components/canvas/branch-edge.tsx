import { BaseEdge, EdgeLabelRenderer, getSmoothStepPath, type Edge, type EdgeProps } from '@xyflow/react'
import { Plus } from 'lucide-react'
import { memo } from 'react'
import type { Tone } from '@/model/exits'
import { corners, pathOf, type Route } from '@/model/routes'
import { cx } from '@/ui/cx'

export type BranchEdgeData = {
  label: string
  tone: Tone
  taken?: boolean
  route?: Route
  /** Which of several branches it is, from the left. */ lane?: number
  onInsert?: (edge: string) => void
  insertLabel?: string
}
export type BranchEdgeType = Edge<BranchEdgeData, 'branch'>

const STROKE: Record<Tone, string> = {
  plain: 'var(--line-strong)',
  good: 'var(--ok)',
  bad: 'var(--bad)',
  quiet: 'var(--line-strong)',
}
const TEXT: Record<Tone, string> = { plain: 'text-muted', good: 'text-ok', bad: 'text-bad', quiet: 'text-faint' }

/** A route holds while both ends are where it was made for; a card being dragged pulls a plain line. */
function lineOf(props: EdgeProps<BranchEdgeType>): [path: string, x: number, y: number] {
  const { data, sourceX, sourceY, targetX, targetY } = props
  const route = data?.route
  const fits =
    route &&
    Math.abs(route.from[0] - sourceX) < 3 &&
    Math.abs(route.from[1] - sourceY) < 14 &&
    Math.abs(route.to[0] - targetX) < 3 &&
    Math.abs(route.to[1] - targetY) < 14
  if (!fits) {
    const [path, x, y] = getSmoothStepPath({ ...props, borderRadius: 10 })
    return [path, x, y]
  }
  const { path, label } = pathOf(corners(route, [sourceX, sourceY], [targetX, targetY]))
  return [path, label[0], label[1]]
}

/** A connection with its branch's name; a path taken is strong, the others step back. */
export const BranchEdge = memo(function BranchEdge(props: EdgeProps<BranchEdgeType>) {
  const { data, selected } = props
  const [path, middleX, middleY] = lineOf(props)
  // Branches are named where they part: further on they may run together.
  const [x, y] =
    data?.lane === undefined ? [middleX, middleY] : [props.sourceX, props.sourceY + 22 + (data.lane % 2) * 24]
  const tone = data?.tone ?? 'plain'
  const colour = selected || data?.taken ? 'var(--accent)' : STROKE[tone]
  return (
    <>
      <BaseEdge
        path={path}
        markerEnd={props.markerEnd}
        style={{
          stroke: colour,
          strokeWidth: data?.taken || selected ? 2.25 : 1.5,
          strokeDasharray: tone === 'quiet' && !data?.taken ? '5 4' : undefined,
          opacity: data?.taken === false ? 0.35 : 1,
        }}
      />
      <EdgeLabelRenderer>
        <div
          className="group nodrag nopan pointer-events-auto absolute flex items-center gap-1"
          style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
        >
          {data?.label && (
            <span
              title={data.label}
              className={cx(
                'max-w-28 truncate rounded bg-sunken px-1.5 text-[11px] font-medium',
                data.taken ? 'text-accent' : TEXT[tone],
              )}
            >
              {data.label}
            </span>
          )}
          {data?.onInsert && (
            <button
              type="button"
              aria-label={data.insertLabel}
              title={data.insertLabel}
              onClick={() => data.onInsert?.(props.id)}
              className={cx(
                'flex size-4.5 items-center justify-center rounded-full border border-line-strong bg-bg text-muted',
                'opacity-50 hover:border-accent hover:text-accent hover:opacity-100 focus-visible:opacity-100',
              )}
            >
              <Plus size={12} />
            </button>
          )}
        </div>
      </EdgeLabelRenderer>
    </>
  )
})
