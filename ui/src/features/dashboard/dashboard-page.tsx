import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { ChartColumn } from 'lucide-react'
import type { ReactNode } from 'react'
import { queries } from '@/api/queries'
import type { Dashboard } from '@/api/types'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { counted } from '@/model/counted'
import { measured } from '@/model/duration'
import { RUN_STATUSES, statusLook } from '@/model/status'
import { buttonClass } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Select } from '@/ui/field'
import { Empty } from '@/ui/states'
import { Ago, useNow } from '@/ui/time'
import { reads } from './api'
import { RunsChart } from './runs-chart'
import { strings as s } from './strings'

const DAY_MS = 86_400_000
/** The period moves on by minutes; in between its numbers are read again when something happens. */
const STEP_MS = 60_000

type Times = Dashboard['steps'][number]['times']

function Card({ title, text, children, wide }: { title: string; text: string; children: ReactNode; wide?: boolean }) {
  return (
    <section
      className={cx('flex min-w-0 flex-col gap-3 rounded-lg border border-line bg-raised p-4', wide && 'xl:col-span-2')}
    >
      <div>
        <h2 className="text-sm font-semibold">{title}</h2>
        <p className="text-xs text-faint">{text}</p>
      </div>
      {children}
    </section>
  )
}

/**
 * How the times of one row lie among those of the slowest: by the logarithm, for they range from milliseconds to days.
 */
function Spread({ times, longest, waits }: { times: Times; longest: number; waits?: boolean }) {
  const place = (ms: number) => (Math.log1p(ms) / Math.log1p(Math.max(longest, 1))) * 100
  return (
    <svg
      role="img"
      aria-label={s.bar(measured(times.p50_ms), measured(times.p95_ms))}
      viewBox="0 0 100 8"
      preserveAspectRatio="none"
      className={cx('h-2 w-full rounded bg-sunken', waits ? 'text-warn' : 'text-accent')}
    >
      <rect x="0" y="0" height="8" width={place(times.p95_ms)} className="fill-current opacity-40" />
      <rect x="0" y="0" height="8" width={place(times.p50_ms)} className="fill-current" />
    </svg>
  )
}

function Table({ label, head, children }: { label: string; head: string[]; children: ReactNode }) {
  return (
    <div tabIndex={0} role="region" aria-label={label} className="overflow-x-auto">
      <table aria-label={label} className="w-full text-sm">
        <thead className="text-left text-xs text-faint">
          <tr>
            {head.map((name, index) => (
              <th key={name} scope="col" className={cx('py-1 pr-3 font-medium', index > 0 && 'whitespace-nowrap')}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}

const number = 'py-1.5 pr-3 text-xs whitespace-nowrap tabular-nums'

function Steps({ data }: { data: Dashboard }) {
  const longest = Math.max(...data.steps.map((step) => step.times.p95_ms), 1)
  if (data.steps.length === 0) return <p className="text-sm text-faint">{s.noneMeasured}</p>
  return (
    <Table label={s.steps} head={[s.columns.step, s.columns.count, s.columns.p50, s.columns.p95, s.columns.failed]}>
      {data.steps.slice(0, 15).map((step) => (
        <tr key={`${step.workflow.id}.${step.step}`} className="border-t border-line align-top">
          <th scope="row" className="min-w-40 py-1.5 pr-3 text-left font-normal">
            <span className="font-medium">{step.title}</span>{' '}
            <span className="text-xs text-faint">
              {step.workflow.name}
              {step.waits && ` · ${s.waits}`}
            </span>
            <Spread times={step.times} longest={longest} waits={step.waits} />
          </th>
          <td className={number}>{step.times.count.toLocaleString()}</td>
          <td className={number}>{measured(step.times.p50_ms)}</td>
          <td className={number}>{measured(step.times.p95_ms)}</td>
          <td className={cx(number, step.failed > 0 && 'text-bad')}>{step.failed.toLocaleString()}</td>
        </tr>
      ))}
    </Table>
  )
}

function Approvals({ data }: { data: Dashboard }) {
  const longest = Math.max(...data.approvals.map((step) => step.times.p95_ms), 1)
  return (
    <>
      <p className="text-sm">
        <Link to="/inbox" className="text-accent hover:underline">
          {s.approvalsOpen(counted(data.approvals_open, data.approvals_at_most))}
        </Link>
      </p>
      {data.approvals.length === 0 ? (
        <p className="text-sm text-faint">{s.noneWaited}</p>
      ) : (
        <Table
          label={s.approvals}
          head={[s.columns.step, s.columns.p50, s.columns.p95, s.columns.max, s.columns.outcomes]}
        >
          {data.approvals.map((step) => (
            <tr key={`${step.workflow.id}.${step.step}`} className="border-t border-line align-top">
              <th scope="row" className="min-w-40 py-1.5 pr-3 text-left font-normal">
                <span className="font-medium">{step.title}</span>{' '}
                <span className="text-xs text-faint">{step.workflow.name}</span>
                <Spread times={step.times} longest={longest} waits />
              </th>
              <td className={number}>{measured(step.times.p50_ms)}</td>
              <td className={number}>{measured(step.times.p95_ms)}</td>
              <td className={number}>{measured(step.times.max_ms)}</td>
              <td className="py-1.5 pr-3 text-xs">
                {Object.entries(step.outcomes)
                  .map(([outcome, count]) => `${count} ${statusLook(outcome).word.toLowerCase()}`)
                  .join(', ')}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </>
  )
}

function Failing({ data }: { data: Dashboard }) {
  if (data.failing.length === 0) return <p className="text-sm text-faint">{s.noneFailing}</p>
  return (
    <Table label={s.failing} head={[s.columns.step, s.columns.error, s.columns.runs, s.columns.last]}>
      {data.failing.map((one) => (
        <tr key={`${one.workflow.id}.${one.step}.${one.error_code}`} className="border-t border-line align-top">
          <th scope="row" className="py-1.5 pr-3 text-left font-normal">
            <span className="font-medium">{one.title ?? s.beforeFirst}</span>{' '}
            <span className="text-xs text-faint">{one.workflow.name}</span>
          </th>
          <td className="py-1.5 pr-3 text-xs">
            <span className="font-mono text-bad">{one.error_code}</span>
            {one.help && <span className="block text-muted">{one.help}</span>}
          </td>
          <td className={number}>
            <Link
              to="/runs"
              search={{
                status: 'failed',
                workflow: one.workflow.id,
                step: one.step ?? undefined,
                error: one.error_code || undefined,
              }}
              className="text-accent hover:underline"
            >
              {one.count.toLocaleString()}
            </Link>
          </td>
          <td className={number}>
            <Link to="/runs/$run" params={{ run: one.last_run }} className="text-accent hover:underline">
              <Ago at={one.last_at} />
            </Link>
          </td>
        </tr>
      ))}
    </Table>
  )
}

/** Nothing where no call waits, which is nearly always. */
function Waiting({ data }: { data: Dashboard }) {
  if (data.calls_waiting.length === 0) return null
  return (
    <Card wide title={s.calls} text={s.callsText}>
      <Table label={s.calls} head={[s.columns.connection, s.columns.waiting]}>
        {data.calls_waiting.map((one) => (
          <tr key={`${one.connector}.${one.connection}`} className="border-t border-line align-top">
            <th scope="row" className="py-1.5 pr-3 text-left font-normal">
              <span className="font-medium">{one.connection ?? s.noConnection}</span>{' '}
              <span className="font-mono text-xs text-faint">{one.connector}</span>
            </th>
            <td className={number}>{one.count.toLocaleString()}</td>
          </tr>
        ))}
      </Table>
    </Card>
  )
}

function Board({ data }: { data: Dashboard }) {
  const any = data.runs.some((slice) => RUN_STATUSES.some((status) => slice.runs[status] > 0))
  if (!any && data.approvals.length === 0 && data.calls_waiting.length === 0)
    return (
      <Empty
        icon={<ChartColumn size={20} />}
        title={s.empty.title}
        action={
          <Link to="/workflows" className={buttonClass('primary')}>
            {s.empty.action}
          </Link>
        }
      >
        {s.empty.text}
      </Empty>
    )
  return (
    <div className="grid gap-4 p-4 xl:grid-cols-2">
      <Waiting data={data} />
      <Card wide title={s.runs} text={s.runsText}>
        <RunsChart data={data} />
      </Card>
      <Card title={s.steps} text={s.stepsText}>
        <Steps data={data} />
      </Card>
      <div className="flex min-w-0 flex-col gap-4">
        <Card title={s.failing} text={s.failingText}>
          <Failing data={data} />
        </Card>
        <Card title={s.approvals} text={s.approvalsText}>
          <Approvals data={data} />
        </Card>
      </div>
    </div>
  )
}

/** How things go: runs over time, slow steps, waiting approvals, failing steps. */
export default function DashboardPage() {
  useTitle(s.title)
  const search = useSearch({ from: '/shell/dashboard' })
  const navigate = useNavigate({ from: '/dashboard' })
  const days = s.days[search.days ?? 1] ? (search.days ?? 1) : 1
  const now = Math.ceil(useNow() / STEP_MS) * STEP_MS
  const query = useQuery(reads.dashboard({ workflow: search.workflow, after: now - days * DAY_MS, before: now }))
  const { data: workflows } = useQuery(queries.workflows())
  return (
    <>
      <PageHead
        title={s.title}
        actions={
          <>
            <Select
              aria-label={s.period}
              value={days}
              onChange={(event) =>
                void navigate({ search: (old) => ({ ...old, days: Number(event.target.value) }), replace: true })
              }
              className="!w-40"
            >
              {Object.entries(s.days).map(([count, label]) => (
                <option key={count} value={count}>
                  {label}
                </option>
              ))}
            </Select>
            <Select
              aria-label={s.workflow}
              value={search.workflow ?? ''}
              onChange={(event) =>
                void navigate({
                  search: (old) => ({ ...old, workflow: event.target.value || undefined }),
                  replace: true,
                })
              }
              className="!w-40"
            >
              <option value="">{s.anyWorkflow}</option>
              {workflows?.items.map((workflow) => (
                <option key={workflow.id} value={workflow.id}>
                  {workflow.name}
                </option>
              ))}
            </Select>
          </>
        }
      />
      <QueryState query={query}>{(data) => <Board data={data} />}</QueryState>
    </>
  )
}
