import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { RunDetail } from '@/api/types'
import { Status } from '@/components/status'
import { measured } from '@/model/duration'
import { evenScale, waterfall, workScale, type Scale, type Segment } from '@/model/waterfall'
import { cx } from '@/ui/cx'
import { Checkbox } from '@/ui/field'
import { useNow } from '@/ui/time'
import { strings } from './strings'

const s = strings.timing

const LOOKS: Record<Segment['kind'], string> = {
  work: 'bg-accent',
  person: 'border border-warn bg-warn-soft',
  pause: 'border-t-2 border-dashed border-line-strong',
}

function Bar({ segment, scale }: { segment: Segment; scale: Scale }) {
  const left = scale(segment.from) * 100
  const width = Math.max(scale(segment.to) * 100 - left, 0.25)
  const style = { left: `${Math.min(left, 99.75)}%`, width: `${width}%` }
  return (
    <span
      aria-hidden
      title={`${s.kinds[segment.kind]} ${measured(segment.to - segment.from)}`}
      style={style}
      className={cx(
        'absolute rounded-sm',
        segment.kind === 'pause' ? 'top-1/2 h-0' : 'inset-y-1',
        segment.failed ? 'bg-bad' : LOOKS[segment.kind],
        segment.open && 'opacity-70',
      )}
    />
  )
}

function Legend() {
  return (
    <ul aria-label={s.legend} className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
      {(['work', 'person', 'pause'] as const).map((kind) => (
        <li key={kind} className="flex items-center gap-1.5">
          <span
            aria-hidden
            className={cx('inline-block w-5 rounded-sm', kind === 'pause' ? 'h-0' : 'h-3', LOOKS[kind])}
          />
          {s.kinds[kind]}
        </li>
      ))}
      <li className="flex items-center gap-1.5">
        <span aria-hidden className="inline-block h-3 w-5 rounded-sm bg-bad" />
        {s.failed}
      </li>
    </ul>
  )
}

/** What a row says to those who do not see bars. */
function spoken(segments: readonly Segment[]): string {
  const sum = (kind: Segment['kind']) =>
    segments.filter((segment) => segment.kind === kind).reduce((total, segment) => total + segment.to - segment.from, 0)
  const attempts = segments.filter((segment) => segment.kind === 'work' && segment.label !== '').length
  const parts = (['work', 'person', 'pause'] as const).flatMap((kind) =>
    segments.some((segment) => segment.kind === kind) ? [`${s.kinds[kind]} ${measured(sum(kind))}`] : [],
  )
  return [...parts, ...(attempts > 1 ? [s.attempts(attempts)] : [])].join(', ')
}

/** When each step worked, waited for a person, or paused before another attempt. */
export default function TimingTab({ run }: { run: RunDetail }) {
  const now = useNow()
  const [cut, setCut] = useState(true)
  const rows = useMemo(() => waterfall(run.steps, Math.max(now, run.updated_at)), [run.steps, run.updated_at, now])
  const scale = useMemo(() => (rows.length === 0 ? () => 0 : cut ? workScale(rows) : evenScale(rows)), [rows, cut])
  if (rows.length === 0) return <p className="p-4 text-sm text-faint">{s.empty}</p>
  return (
    <div className="flex flex-col gap-3 p-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <Legend />
        <Checkbox label={s.cut} checked={cut} onChange={(event) => setCut(event.target.checked)} />
      </div>
      <ol aria-label={s.label} className="flex flex-col">
        {rows.map((row) => (
          <li key={row.visit}>
            <Link
              to="/runs/$run"
              params={{ run: run.id }}
              hash={`step-${row.visit}`}
              className={cx(
                'grid grid-cols-[minmax(7rem,14rem)_1fr_4.5rem] items-center gap-3 border-b border-line px-1 py-1',
                'text-sm hover:bg-hover',
              )}
            >
              <span className="flex min-w-0 flex-col">
                <span className="truncate font-medium">{row.title}</span>
                <Status status={row.status} className="!text-xs" />
              </span>
              <span className="relative block h-7 overflow-hidden rounded bg-sunken">
                {row.segments.map((segment, index) => (
                  <Bar key={index} segment={segment} scale={scale} />
                ))}
              </span>
              <span className="text-right text-xs text-muted tabular-nums">
                {measured(Math.max(0, row.to - row.from))}
                <span className="sr-only"> {spoken(row.segments)}</span>
              </span>
            </Link>
          </li>
        ))}
      </ol>
      {cut && <p className="text-xs text-faint">{s.cutHint}</p>}
    </div>
  )
}
