import { Link } from '@tanstack/react-router'
import type { RunSummary } from '@/api/types'
import { Status } from '@/components/status'
import { measured } from '@/model/duration'
import { Ago, useNow } from '@/ui/time'
import { strings as s } from './strings'

function Duration({ run }: { run: RunSummary }) {
  const now = useNow()
  return <span className="text-faint tabular-nums">{measured(Math.max(0, (run.ended_at ?? now) - run.started_at))}</span>
}

function what(run: RunSummary): string {
  if (run.error_message) return run.error_message
  const step = run.step_title ?? run.step ?? ''
  return run.status === 'waiting' && run.waiting_for ? `${step} · ${s.waitingFor(run.waiting_for)}` : step
}

/** Runs as rows; on a phone each row becomes two lines. The link covers the row. */
export function RunTable({ runs }: { runs: RunSummary[] }) {
  return (
    <table aria-label={s.listLabel} className="w-full table-fixed text-sm">
      <thead className="hidden text-left text-xs text-faint md:table-header-group">
        <tr className="border-b border-line">
          <th scope="col" className="w-36 px-4 py-2 font-medium">{s.columns.status}</th>
          <th scope="col" className="px-2 py-2 font-medium">{s.columns.run}</th>
          <th scope="col" className="px-2 py-2 font-medium">{s.columns.step}</th>
          <th scope="col" className="w-40 px-2 py-2 font-medium">{s.columns.customer}</th>
          <th scope="col" className="w-28 px-2 py-2 font-medium">{s.columns.started}</th>
          <th scope="col" className="w-24 px-4 py-2 text-right font-medium">{s.columns.duration}</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr key={run.id} className="relative grid grid-cols-[1fr_auto] gap-x-3 border-b border-line px-4 py-2.5 hover:bg-hover md:table-row md:h-10 md:p-0">
            <td className="order-2 md:px-4"><Status status={run.status} /></td>
            <td className="order-1 truncate md:px-2">
              <Link to="/runs/$run" params={{ run: run.id }} className="font-medium after:absolute after:inset-0">{run.title || run.workflow.name}</Link>
              <span className="ml-2 font-mono text-xs text-faint">{s.version(run.version)}</span>
            </td>
            <td className={`order-3 truncate md:px-2 ${run.error_message ? 'text-bad' : 'text-muted'}`}>{what(run)}</td>
            <td className="hidden truncate px-2 text-muted md:table-cell">{run.customer && (run.customer.name || s.visitor)}</td>
            <td className="order-4 text-right text-faint md:px-2 md:text-left"><Ago at={run.started_at} /></td>
            <td className="hidden px-4 text-right md:table-cell"><Duration run={run} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
