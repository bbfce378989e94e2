import { Handle, Position, type Node, type NodeHandle, type NodeProps } from '@xyflow/react'
import { CircleAlert, Flag, TriangleAlert } from 'lucide-react'
import { memo } from 'react'
import type { Change } from '@/model/compare'
import { titleOf, type Step } from '@/model/document'
import type { Exit, Tone } from '@/model/exits'
import { CARD_HEIGHT, CARD_WIDTH } from '@/model/layout'
import { cx } from '@/ui/cx'
import { CHANGE_LOOK } from '../difference/look'
import { strings as differs } from '../difference/strings'
import { Status } from '../status'
import { strings as words } from '../strings'
import { kindView } from './kinds/registry'

export type StepNodeData = {
  step: Step
  start: boolean
  editable: boolean
  /** The ways out, in the order of their handles. */
  exits: Exit[]
  /** Optional ways out that lead nowhere; offered on a selected card. */
  unused: Exit[]
  /** Set when a run is shown: what happened here, or `null` when the run did not come by. */
  ran?: { status: string; visits: number } | null
  errors: number
  warnings: number
  /** How it differs, where two documents are compared. */
  change?: Change
}
const HANDLE: Record<Tone, string> = {
  plain: '!border-line-strong',
  good: '!border-ok',
  bad: '!border-bad',
  quiet: '!border-line-strong',
}

export type StepNode = Node<StepNodeData, 'step'>

const HANDLE_PX = 10
const ENTRY_PX = 8

/** Where the middle of a way out stands, from the left edge of the card; unused ones stand at the right end. */
function exitX({ exits, unused }: Pick<StepNodeData, 'exits' | 'unused'>, index: number): number {
  if (index < exits.length) return (CARD_WIDTH * (index + 1)) / (exits.length + 1)
  return CARD_WIDTH - 12 - (unused.length - 1 - (index - exits.length)) * 18
}

/** Where the lines start and end, known without measuring: a handle that moves takes its line along at once. */
export function handlesOf(data: Pick<StepNodeData, 'exits' | 'unused'>): NodeHandle[] {
  const bottom = CARD_HEIGHT - 1 - HANDLE_PX / 2
  const ways = [...data.exits, ...data.unused]
  return [
    {
      type: 'target',
      position: Position.Top,
      x: (CARD_WIDTH - ENTRY_PX) / 2,
      y: 1 - ENTRY_PX / 2,
      width: ENTRY_PX,
      height: ENTRY_PX,
    },
    ...ways.map((way, index): NodeHandle => ({
      id: way.name,
      type: 'source',
      position: Position.Bottom,
      x: exitX(data, index) - HANDLE_PX / 2,
      y: bottom,
      width: HANDLE_PX,
      height: HANDLE_PX,
    })),
  ]
}

function ExitHandle({ way, x, editable }: { way: Exit; x: number; editable: boolean }) {
  return (
    <Handle
      id={way.name}
      type="source"
      position={Position.Bottom}
      isConnectable={editable}
      title={way.label || way.name}
      style={{ left: x - 1 }}
      className={cx(
        '!size-2.5 !bg-bg',
        way.target === null ? '!border-dashed !border-faint' : HANDLE[way.tone],
        !editable && '!opacity-0',
      )}
    />
  )
}

/**
 * The shell every kind of step is drawn in. It has one height, whatever is told on it: the same layout and lines serve
 * builder, run and comparison.
 */
export const StepCard = memo(function StepCard({ id, data, selected }: NodeProps<StepNode>) {
  const view = kindView(data.step.type)
  const Icon = view.icon
  const idle = data.ran === null
  return (
    <div
      style={{ width: CARD_WIDTH, height: CARD_HEIGHT }}
      className={cx(
        'rounded-lg border bg-raised px-3 py-2 shadow-sm transition-opacity',
        selected
          ? 'border-accent ring-2 ring-accent/30'
          : data.errors > 0
            ? 'border-bad'
            : data.change
              ? cx('border-2', CHANGE_LOOK[data.change].border)
              : 'border-line-strong',
        idle && 'opacity-45',
      )}
    >
      <Handle
        type="target"
        position={Position.Top}
        isConnectable={data.editable}
        className="!size-2 !border-line-strong !bg-bg"
      />
      <div className="flex items-center gap-2">
        <Icon size={14} className={cx('shrink-0', view.colour)} />
        <span className="step-kind shrink-0 text-[11px] text-muted">{words.kinds[data.step.type]?.name}</span>
        <span className="step-detail min-w-0 truncate font-mono text-[11px] text-faint">{data.step.type}</span>
        <span className="ml-auto flex shrink-0 items-center gap-1.5">
          {data.start && (
            <span className="flex items-center gap-1 text-[11px] text-faint">
              <Flag size={11} />
              <span className={cx((data.ran || data.change) && 'sr-only')}>{words.canvas.start}</span>
            </span>
          )}
          {data.errors > 0 && <CircleAlert size={14} className="text-bad" aria-label={words.diagnostics.error} />}
          {data.errors === 0 && data.warnings > 0 && (
            <TriangleAlert size={14} className="text-warn" aria-label={words.diagnostics.warning} />
          )}
          {data.change && <ChangeMark change={data.change} />}
          {data.ran && <Status status={data.ran.status} className="!gap-1 !text-[11px]" />}
          {data.ran && data.ran.visits > 1 && <span className="text-[11px] text-faint">×{data.ran.visits}</span>}
        </span>
      </div>
      <p className="step-title mt-1 truncate text-sm font-semibold">{titleOf(id, data.step)}</p>
      <p
        className={cx(
          'step-detail truncate text-xs text-muted',
          (data.step.type === 'tool_call' || data.step.type === 'condition') && 'font-mono',
        )}
      >
        {lineOf(data.step)}
      </p>
      {data.exits.map((way, index) => (
        <ExitHandle key={way.name} way={way} x={exitX(data, index)} editable={data.editable} />
      ))}
      {data.unused.map((way, index) => (
        <ExitHandle key={way.name} way={way} x={exitX(data, data.exits.length + index)} editable />
      ))}
    </div>
  )
})

function ChangeMark({ change }: { change: Change }) {
  const { icon: Icon, text, soft } = CHANGE_LOOK[change]
  return (
    <span className={cx('inline-flex items-center gap-1 rounded px-1.5 text-[11px] font-medium', text, soft)}>
      <Icon size={11} /> {differs[change]}
    </span>
  )
}

/** A half-written draft may miss anything; the card is drawn all the same. */
function lineOf(step: Step): string {
  try {
    return kindView(step.type).line(step) || '…'
  } catch {
    return '…'
  }
}
