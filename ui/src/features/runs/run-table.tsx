import { Link } from '@tanstack/react-router'
import { TriangleAlert } from 'lucide-react'
import type { RunSummary, UnreadableRun } from '@/api/types'
import { Status } from '@/components/status'
import { measured } from '@/model/duration'
import { cx } from '@/ui/cx'
import { Ago, useNow } from '@/ui/time'
import { strings as s } from './strings'

function Duration({ run }: { run: RunSummary }) {
  const now = useNow()
  return (
    <span className="text-faint tabular-nums">{measured(Math.max(0, (run.ended_at ?? now) - run.started_at))}</span>
  )
}

function what(run: RunSummary): string {
  if (run.error_message) return run.error_message
  if (run.failed_step) return s.failedStep(run.failed_step.title, run.failed_step.message)
  const step = run.step_title ?? run.step ?? ''
  return run.status === 'waiting' && run.waiting_for ? `${step} · ${s.waitingFor(run.waiting_for)}` : step
}

/** That a run which ended well had a step that failed. */
function FailedMark() {
  return (
    <span title={s.withFailedStep} className="relative ml-1.5 inline-flex align-[-2px] text-warn">
      <TriangleAlert size={14} aria-hidden />
      <span className="sr-only">{s.withFailedStep}</span>
    </span>
  )
}

export type Selection = {
  chosen: ReadonlySet<string>
  toggle: (id: string, reach: boolean) => void
  all: (on: boolean) => void
}

function Tick({
  label,
  checked,
  mixed,
  onChange,
}: {
  label: string
  checked: boolean
  mixed?: boolean
  onChange: (reach: boolean) => void
}) {
  return (
    <input
      type="checkbox"
      aria-label={label}
      checked={checked}
      ref={(box) => {
        if (box) box.indeterminate = mixed === true
      }}
      onChange={(event) => onChange((event.nativeEvent as MouseEvent).shiftKey)}
      className="relative z-10 block size-4 accent-accent"
    />
  )
}

function RunRow({ run, selection }: { run: RunSummary; selection?: Selection }) {
  const chosen = selection?.chosen.has(run.id) === true
  return (
    <tr
      className={cx(
        'relative grid gap-x-3 border-b border-line px-4 py-2.5 focus-within:bg-hover hover:bg-hover md:table-row',
        'md:h-10 md:p-0',
        selection ? 'grid-cols-[auto_1fr_auto]' : 'grid-cols-[1fr_auto]',
        chosen && 'bg-accent-soft',
      )}
    >
      {selection && (
        <td className="row-span-2 self-center md:w-10 md:pl-4">
          <Tick
            label={s.select(run.title || run.workflow.name, run.id)}
            checked={chosen}
            onChange={(reach) => selection.toggle(run.id, reach)}
          />
        </td>
      )}
      <td className="order-2 md:px-4">
        <Status status={run.status} />
        {run.failed_step && <FailedMark />}
      </td>
      <td className="order-1 min-w-0 truncate md:px-2">
        <Link
          to="/runs/$run"
          params={{ run: run.id }}
          data-run={run.id}
          className="font-medium after:absolute after:inset-0"
        >
          {run.title || run.workflow.name}
        </Link>
        <span className="ml-2 text-xs text-faint">
          {run.title !== run.workflow.name && `${run.workflow.name} `}
          <span className="font-mono">{s.version(run.version)}</span>
        </span>
      </td>
      <td
        title={run.error_message ?? run.failed_step?.message}
        className={cx(
          'order-3 min-w-0 truncate md:px-2',
          run.error_message ? 'text-bad' : run.failed_step ? 'text-warn' : 'text-muted',
        )}
      >
        {what(run)}
      </td>
      <td className="hidden truncate px-2 text-muted md:table-cell">
        {run.customer && (run.customer.name || s.visitor)}
      </td>
      <td className="order-4 text-right text-faint md:px-2 md:text-left">
        <Ago at={run.started_at} />
      </td>
      <td className="hidden px-4 text-right md:table-cell">
        <Duration run={run} />
      </td>
    </tr>
  )
}

/** Runs as rows; on a phone each row becomes two lines. The link covers the row; what is ticked can be acted upon. */
export function RunTable({
  runs,
  unreadable,
  selection,
}: {
  runs: RunSummary[]
  unreadable: UnreadableRun[]
  selection?: Selection
}) {
  const some = selection !== undefined && runs.some((run) => selection.chosen.has(run.id))
  const every = some && runs.every((run) => selection.chosen.has(run.id))
  return (
    <>
      {unreadable.length > 0 && (
        <ul aria-label={s.unreadable} className="flex flex-col">
          {unreadable.map((lost) => (
            <li
              key={lost.id}
              className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-bad-soft px-4 py-2 text-sm"
            >
              <span className="flex items-center gap-1.5 font-medium text-bad">
                <TriangleAlert size={14} aria-hidden />
                {s.unreadableRun}
              </span>
              <span className="font-mono text-xs select-all">{lost.id}</span>
              <span className="font-mono text-xs text-muted">
                {lost.code}: {lost.detail}
              </span>
            </li>
          ))}
        </ul>
      )}
      <table aria-label={s.listLabel} className="w-full table-fixed text-sm">
        <thead className="hidden text-left text-xs text-faint md:table-header-group">
          <tr className="border-b border-line">
            {selection && (
              <th scope="col" className="w-10 py-2 pl-4">
                <Tick
                  label={s.selectAll}
                  checked={every}
                  mixed={some && !every}
                  onChange={() => selection.all(!every)}
                />
              </th>
            )}
            <th scope="col" className="w-36 px-4 py-2 font-medium">
              {s.columns.status}
            </th>
            <th scope="col" className="px-2 py-2 font-medium">
              {s.columns.run}
            </th>
            <th scope="col" className="px-2 py-2 font-medium">
              {s.columns.step}
            </th>
            <th scope="col" className="w-40 px-2 py-2 font-medium">
              {s.columns.customer}
            </th>
            <th scope="col" className="w-28 px-2 py-2 font-medium">
              {s.columns.started}
            </th>
            <th scope="col" className="w-24 px-4 py-2 text-right font-medium">
              {s.columns.duration}
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <RunRow key={run.id} run={run} selection={selection} />
          ))}
        </tbody>
      </table>
    </>
  )
}
