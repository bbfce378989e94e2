import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import type { StepExecution } from '@/api/types'
import { measured } from '@/model/duration'
import { statusLook } from '@/model/status'
import { cx } from '@/ui/cx'
import { useNow } from '@/ui/time'
import { Status } from './status'
import { StepDetail, type StepTools } from './step-detail'
import { strings } from './strings'

const s = strings.steps

/** The mono tag of a step's type. */
export function KindTag({ kind }: { kind: string }) {
  return (
    <span
      className={cx(
        'rounded border border-line bg-sunken px-1.5 font-mono',
        'text-[11px] leading-[18px] whitespace-nowrap text-muted',
      )}
    >
      {kind}
    </span>
  )
}

function Duration({ step }: { step: StepExecution }) {
  const now = useNow()
  const live = !step.ended_at && (step.status === 'waiting' || step.status === 'running' || step.status === 'retrying')
  const ms = step.duration_ms ?? (live ? now - step.started_at : null)
  if (ms === null) return null
  return (
    <span className={cx('text-xs tabular-nums', live ? 'text-warn' : 'text-faint')}>{measured(Math.max(0, ms))}</span>
  )
}

function who(step: StepExecution): string | null {
  const checkpoint = step.checkpoint
  if (!checkpoint?.decided_by || !checkpoint.outcome) return null
  return s.decided(
    statusLook(checkpoint.outcome).word.toLowerCase(),
    s.by(checkpoint.decided_by.name, checkpoint.decided_by.via),
  )
}

function Card({
  step,
  open,
  toggle,
  id,
  tools,
}: {
  step: StepExecution
  open: boolean
  toggle: () => void
  id?: string
  tools?: StepTools
}) {
  const decided = who(step)
  const tries = step.attempts.length
  return (
    <li id={id} className="scroll-mt-28 rounded-lg border border-line bg-raised">
      <button
        type="button"
        aria-expanded={open}
        aria-label={s.details(step.title)}
        onClick={toggle}
        className="flex w-full items-center gap-3 rounded-lg px-3 py-2.5 text-left hover:bg-hover"
      >
        <ChevronRight
          size={14}
          aria-hidden
          className={cx('shrink-0 text-faint transition-transform', open && 'rotate-90')}
        />
        <span className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2.5 gap-y-0.5">
          <KindTag kind={step.kind} />
          <span className="line-clamp-2 font-medium break-words">{step.title}</span>
          {step.action && <span className="truncate font-mono text-xs text-faint">{step.action}</span>}
          {decided && <span className="truncate text-xs text-muted">{decided}</span>}
          {step.error && <span className="basis-full truncate text-xs text-bad">{step.error.message}</span>}
        </span>
        <span className="flex shrink-0 flex-col items-end gap-x-3 @xl:flex-row @xl:items-center">
          {tries > 1 && <span className="text-xs text-faint">{s.attempts(tries)}</span>}
          <Duration step={step} />
          <Status status={step.status} className="@xl:w-[8.5rem]" />
        </span>
      </button>
      {open && <StepDetail step={step} tools={tools} />}
    </li>
  )
}

/** The path of a run as cards, one for each step execution. `focus` opens one visit. */
export function StepCards({
  steps,
  focus,
  anchor,
  tools,
}: {
  steps: readonly StepExecution[]
  focus?: number
  anchor?: (visit: number) => string
  tools?: StepTools
}) {
  const [toggled, setToggled] = useState<ReadonlySet<number>>(new Set())
  if (steps.length === 0) return <p className="px-1 py-4 text-sm text-faint">{s.empty}</p>
  const flip = (visit: number) => {
    const next = new Set(toggled)
    if (!next.delete(visit)) next.add(visit)
    setToggled(next)
  }
  return (
    <ol aria-label={s.list} className="@container flex flex-col gap-1.5">
      {steps.map((step) => (
        <Card
          key={step.visit}
          step={step}
          id={anchor?.(step.visit)}
          open={toggled.has(step.visit) !== (focus === step.visit)}
          toggle={() => flip(step.visit)}
          tools={tools}
        />
      ))}
    </ol>
  )
}
