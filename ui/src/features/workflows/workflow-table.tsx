import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { WorkflowSummary } from '@/api/types'
import { StatusIcon } from '@/components/status'
import { cx } from '@/ui/cx'
import { Ago } from '@/ui/time'
import { strings as s } from './strings'

type Glance = NonNullable<WorkflowSummary['last_run']>

/** A link above the one that covers the row. */
function RunLink({ run, children }: { run: Glance; children: ReactNode }) {
  return (
    <Link
      to="/runs/$run"
      params={{ run: run.id }}
      title={run.error_message ?? run.title}
      className="relative inline-flex max-w-full items-center gap-1.5 hover:underline"
    >
      {children}
    </Link>
  )
}

function Rate({ workflow: { ended, failed } }: { workflow: WorkflowSummary }) {
  if (ended === 0) return <span className="text-faint">–</span>
  const rate = Math.floor(((ended - failed) * 100) / ended)
  return (
    <span title={s.rateOf(ended - failed, ended)} className={failed > 0 ? 'text-warn' : 'text-muted'}>
      {s.rate(rate)}
      <span className="sr-only"> {s.rateOf(ended - failed, ended)}</span>
    </span>
  )
}

function Version({ version }: { version?: number | null }) {
  if (version == null) return <span className="text-xs text-faint">{s.never}</span>
  return <span className="rounded border border-line px-1.5 font-mono text-xs text-muted">v{version}</span>
}

function LastFailure({ run }: { run: Glance }) {
  return (
    <RunLink run={run}>
      <span className="truncate text-bad">{run.error_message ?? s.failed}</span>
      <span className="shrink-0 text-faint">
        <Ago at={run.started_at} />
      </span>
    </RunLink>
  )
}

function Row({ workflow }: { workflow: WorkflowSummary }) {
  const changed = workflow.has_unpublished_changes && workflow.active_version != null
  return (
    <tr className="relative h-11 border-b border-line hover:bg-hover">
      <td className="truncate px-4">
        <Link
          to="/workflows/$workflow"
          params={{ workflow: workflow.id }}
          className="font-medium after:absolute after:inset-0"
        >
          {workflow.name}
        </Link>
      </td>
      <td className="truncate px-2">
        <Version version={workflow.active_version} />
        {changed && (
          <span title={s.unpublished} className="ml-1.5 hidden text-xs text-warn sm:inline">
            {s.changed}
            <span className="sr-only">: {s.unpublished}</span>
          </span>
        )}
      </td>
      <td className="hidden truncate px-2 text-muted lg:table-cell">
        {workflow.triggers.map((kind) => s.triggers[kind] ?? kind).join(', ')}
      </td>
      <td className="hidden px-2 text-right text-muted tabular-nums sm:table-cell">
        {workflow.running.toLocaleString()}
      </td>
      <td className="hidden px-2 text-right text-muted tabular-nums sm:table-cell">
        {workflow.waiting.toLocaleString()}
      </td>
      <td className="px-2 text-muted">
        {workflow.last_run && (
          <RunLink run={workflow.last_run}>
            <StatusIcon status={workflow.last_run.status} size={14} />
            <Ago at={workflow.last_run.started_at} />
          </RunLink>
        )}
      </td>
      <td className="hidden px-2 text-right tabular-nums sm:table-cell">
        <Rate workflow={workflow} />
      </td>
      <td className="hidden truncate px-4 lg:table-cell">
        {workflow.last_failure && <LastFailure run={workflow.last_failure} />}
      </td>
      <td className="hidden px-4 text-right whitespace-nowrap text-faint xl:table-cell">
        <Ago at={workflow.draft_updated_at} />
      </td>
    </tr>
  )
}

/** Workflows as rows: what starts each, how it fares, and the newest run that failed. */
export function WorkflowTable({ workflows }: { workflows: WorkflowSummary[] }) {
  const c = s.columns
  const heads: [label: string, className: string][] = [
    [c.name, 'px-4'],
    [c.version, 'w-20 px-2 sm:w-32'],
    [c.triggers, 'hidden w-40 px-2 lg:table-cell'],
    [c.running, 'hidden w-20 px-2 text-right sm:table-cell'],
    [c.waiting, 'hidden w-20 px-2 text-right sm:table-cell'],
    [c.lastRun, 'w-28 px-2'],
    [c.rate, 'hidden w-20 px-2 text-right sm:table-cell'],
    [c.lastFailure, 'hidden px-4 lg:table-cell'],
    [c.edited, 'hidden w-32 px-4 text-right xl:table-cell'],
  ]
  return (
    <table aria-label={s.title} className="w-full table-fixed text-sm">
      <thead className="text-left text-xs text-faint">
        <tr className="border-b border-line">
          {heads.map(([label, className]) => (
            <th key={label} scope="col" className={cx('py-2 font-medium', className)}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {workflows.map((workflow) => (
          <Row key={workflow.id} workflow={workflow} />
        ))}
      </tbody>
    </table>
  )
}
