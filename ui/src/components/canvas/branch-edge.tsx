import { BaseEdge, EdgeLabelRenderer, getSmoothStepPath, type Edge, type EdgeProps } from '@xyflow/react'
import { Plus } from 'lucide-react'
import { memo } from 'react'
import type { Tone } from '@/model/exits'
import { cx } from '@/ui/cx'

export type BranchEdgeData = { label: string; tone: Tone; taken?: boolean; lane?: number; onInsert?: (edge: string) => void; insertLabel?: string }
export type BranchEdgeType = Edge<BranchEdgeData, 'branch'>

const STROKE: Record<Tone, string> = { plain: 'var(--line-strong)', good: 'var(--ok)', bad: 'var(--bad)', quiet: 'var(--line-strong)' }
const TEXT: Record<Tone, string> = { plain: 'text-muted', good: 'text-ok', bad: 'text-bad', quiet: 'text-faint' }

const LANE_PX = 18

/** Lines out of one card run side by side instead of on top of each other. */
function laneY({ data, sourceX, sourceY, targetX, targetY }: EdgeProps<BranchEdgeType>): number | undefined {
  if (Math.abs(sourceX - targetX) < 2 || targetY - sourceY < 3 * LANE_PX) return undefined
  const middle = targetY - 36
  return Math.max(sourceY + LANE_PX, middle - ((data?.lane ?? 0) % 3) * LANE_PX)
}

/** A connection with its branch's name; a path taken is strong, the others step back. */
export const BranchEdge = memo(function BranchEdge(props: EdgeProps<BranchEdgeType>) {
  const { data, selected } = props
  const [path, x, y] = getSmoothStepPath({ ...props, borderRadius: 10, centerY: laneY(props) })
  const tone = data?.tone ?? 'plain'
  const colour = selected || data?.taken ? 'var(--accent)' : STROKE[tone]
  return (
    <>
      <BaseEdge path={path} markerEnd={props.markerEnd} style={{ stroke: colour, strokeWidth: data?.taken || selected ? 2.25 : 1.5, strokeDasharray: tone === 'quiet' && !data?.taken ? '5 4' : undefined, opacity: data?.taken === false ? 0.35 : 1 }} />
      <EdgeLabelRenderer>
        <div className="group nodrag nopan pointer-events-auto absolute flex items-center gap-1" style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}>
          {data?.label && <span title={data.label} className={cx('max-w-36 truncate rounded bg-sunken px-1.5 text-[11px] font-medium', data.taken ? 'text-accent' : TEXT[tone])}>{data.label}</span>}
          {data?.onInsert && (
            <button type="button" aria-label={data.insertLabel} title={data.insertLabel} onClick={() => data.onInsert?.(props.id)} className="flex size-4.5 items-center justify-center rounded-full border border-line-strong bg-bg text-muted opacity-50 hover:border-accent hover:text-accent hover:opacity-100 focus-visible:opacity-100">
              <Plus size={12} />
            </button>
          )}
        </div>
      </EdgeLabelRenderer>
    </>
  )
})
