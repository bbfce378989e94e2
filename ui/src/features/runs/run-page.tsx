import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useLocation, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { Bug, Link2, RotateCcw } from 'lucide-react'
import { lazy, Suspense, useEffect, useState } from 'react'
import { queries } from '@/api/queries'
import type { RunDetail, StepExecution } from '@/api/types'
import { useActions } from '@/app/actions'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import type { RunTab } from '@/app/router'
import { useMay } from '@/app/session'
import { Status } from '@/components/status'
import { StepCards } from '@/components/step-cards'
import { ErrorCard } from '@/components/step-detail'
import { measured } from '@/model/duration'
import { Button, buttonClass } from '@/ui/button'
import { cx } from '@/ui/cx'
import { JsonView } from '@/ui/json-view'
import { Note, Skeleton } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { At, useNow } from '@/ui/time'
import { toast } from '@/ui/toast'
import { reads } from './api'
import { MoveBack } from './move-back'
import type { RetryFrom } from './retry-dialog'
import { RunActions } from './run-actions'
import { StepRequests } from './step-requests'
import { strings } from './strings'

const s = strings.detail
const Graph = lazy(() => import('./run-graph'))
const DebugTab = lazy(() => import('./debug-tab'))
const TimingTab = lazy(() => import('./timing-tab'))

type View = 'steps' | RunTab

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="flex min-w-0 flex-col">
      <dt className="text-xs text-faint">{label}</dt>
      <dd className="truncate text-sm">{children}</dd>
    </div>
  )
}

function Facts({ run }: { run: RunDetail }) {
  const now = useNow()
  return (
    <dl className="flex flex-wrap gap-x-8 gap-y-2 px-4 py-3">
      <Fact label={s.started}>
        <At at={run.started_at} />
      </Fact>
      <Fact label={s.trigger}>
        <span className="font-mono text-xs">{run.trigger ?? s.byApi}</span>
      </Fact>
      <Fact label={s.duration}>{measured(Math.max(0, (run.ended_at ?? now) - run.started_at))}</Fact>
      {run.customer && (
        <Fact label={s.customer}>
          <Link to="/runs" search={{ customer: run.customer.id }} className="hover:underline">
            {run.customer.name || strings.visitor}
          </Link>
        </Fact>
      )}
      {run.conversation && (
        <Fact label={s.conversation}>
          <Link
            to="/conversations/$conversation"
            params={{ conversation: run.conversation }}
            className="text-accent hover:underline"
          >
            {s.conversation}
          </Link>
        </Fact>
      )}
      {run.retry_of && (
        <Fact label={s.retryOf}>
          <Link
            to="/runs/$run"
            params={{ run: run.retry_of }}
            className="font-mono text-xs text-accent hover:underline"
          >
            {run.retry_of.slice(0, 13)}…
          </Link>
        </Fact>
      )}
      <Fact label={s.id}>
        <span className="font-mono text-xs select-all">{run.id}</span>
      </Fact>
    </dl>
  )
}

function State({ run }: { run: RunDetail }) {
  const parts: [string, unknown][] = [
    [s.input, run.input],
    [s.vars, run.vars],
    [s.output, run.output],
  ]
  return (
    <div className="flex flex-col gap-4 p-4">
      {parts
        .filter(([, value]) => value !== undefined && value !== null)
        .map(([label, value]) => (
          <section key={label} className="flex flex-col gap-1">
            <h2 className="text-xs font-medium text-faint">{label}</h2>
            <JsonView value={value} label={label} />
          </section>
        ))}
    </div>
  )
}

function Waiting({ run }: { run: RunDetail }) {
  const open = run.steps.find(
    (step) => step.checkpoint && step.checkpoint.status === 'open' && step.checkpoint.kind !== 'form',
  )?.checkpoint
  if (!open) return null
  return (
    <div
      className={cx(
        'mx-4 mb-3 flex items-center justify-between gap-3',
        'rounded-lg bg-warn-soft px-3 py-2 text-sm text-warn',
      )}
    >
      <span>{strings.waitingFor(open.kind)}</span>
      <Link to="/inbox/$checkpoint" params={{ checkpoint: open.id }} className={buttonClass('plain', true)}>
        {s.openInbox}
      </Link>
    </div>
  )
}

/** Which step entry the address names: `#step-3`, or the older `?visit=3`. */
function useFocus(): number | undefined {
  const search = useSearch({ from: '/shell/runs/$run' })
  const hash = useLocation({ select: (location) => location.hash })
  const named = /^step-(\d+)$/.exec(hash)?.[1]
  return named === undefined ? search.visit : Number(named)
}

function copyLink(visit: number): void {
  const link = new URL(window.location.href)
  link.search = ''
  link.hash = `step-${visit}`
  void navigator.clipboard.writeText(link.href).then(
    () => toast.ok(s.linkCopied),
    () => toast.bad(link.href),
  )
}

function Steps({
  run,
  focus,
  onRetry,
}: {
  run: RunDetail
  focus: number | undefined
  onRetry?: (from: RetryFrom) => void
}) {
  const navigate = useNavigate({ from: '/runs/$run' })
  useEffect(() => {
    if (focus !== undefined) document.getElementById(`step-${focus}`)?.scrollIntoView({ block: 'center' })
  }, [focus])
  const client = useQueryClient()
  const debug = async (step: StepExecution) => {
    const points = await client.fetchQuery(reads.runPoints(run.id))
    const entered = points.items.find((point) => point.visit === step.visit)
    await navigate({ search: { tab: 'debug', point: entered?.point }, hash: '' })
  }
  return (
    <div className="mx-auto w-full max-w-5xl p-4">
      <h2 className="sr-only">{s.tabs.steps}</h2>
      <StepCards
        key={focus}
        steps={run.steps}
        focus={focus}
        anchor={(visit) => `step-${visit}`}
        tools={{
          actions: (step) => (
            <>
              <Button small icon={<Link2 size={14} />} onClick={() => copyLink(step.visit)}>
                {s.copyLink}
              </Button>
              <Button small icon={<Bug size={14} />} onClick={() => void debug(step)}>
                {s.debugHere}
              </Button>
              {onRetry && (
                <Button small icon={<RotateCcw size={14} />} onClick={() => onRetry({ step: step.step })}>
                  {s.retryHere}
                </Button>
              )}
            </>
          ),
          requests: (step) => (step.kind === 'tool_call' ? <StepRequests run={run.id} visit={step.visit} /> : null),
        }}
      />
    </div>
  )
}

function Views({ run, onRetry }: { run: RunDetail; onRetry?: (from: RetryFrom) => void }) {
  const search = useSearch({ from: '/shell/runs/$run' })
  const navigate = useNavigate({ from: '/runs/$run' })
  const view: View = search.tab ?? 'steps'
  const show = (next: View) =>
    void navigate({
      search: next === 'steps' ? {} : { tab: next, point: next === 'debug' ? search.point : undefined },
      hash: '',
      replace: true,
    })
  const views: View[] = ['steps', 'graph', 'timing', 'debug', 'state']
  useActions([
    {
      id: 'run.view',
      label: s.next,
      group: strings.group,
      shortcut: 'v',
      run: () => show(views[(views.indexOf(view) + 1) % views.length] ?? 'steps'),
    },
    { id: 'run.debug', label: s.openDebug, group: strings.group, shortcut: 'd', run: () => show('debug') },
  ])
  const focus = useFocus()
  return (
    <>
      <Tabs
        label={s.tabsLabel}
        value={view}
        onChange={show}
        tabs={views.map((id) => ({ id, label: s.tabs[id], count: id === 'steps' ? run.steps.length : null }))}
        className="shrink-0 border-b border-line px-3 pb-2"
      />
      {view === 'steps' && <Steps run={run} focus={focus} onRetry={onRetry} />}
      <Suspense fallback={<Skeleton className="m-4 h-96" />}>
        {view === 'graph' && (
          <Graph run={run} onStep={(visit) => void navigate({ search: {}, hash: `step-${visit}` })} />
        )}
        {view === 'timing' && <TimingTab run={run} />}
        {view === 'debug' && <DebugTab run={run} onRetry={onRetry && ((step, point) => onRetry({ step, point }))} />}
      </Suspense>
      {view === 'state' && <State run={run} />}
    </>
  )
}

function Detail({ run }: { run: RunDetail }) {
  useTitle(run.title || run.workflow.name)
  const may = useMay('operator')
  const [retrying, setRetrying] = useState<RetryFrom | null>(null)
  const error = run.steps.findLast((step) => step.error)?.error
  return (
    <>
      <PageHead
        title={
          <>
            <Link to="/runs" className="font-normal text-faint hover:text-text">
              {strings.title}
            </Link>{' '}
            <span className="text-faint">/</span> {run.title || run.workflow.name}
          </>
        }
        actions={<RunActions run={run} retrying={retrying} onRetry={setRetrying} />}
      >
        <Link
          to="/workflows/$workflow/versions"
          params={{ workflow: run.workflow.id }}
          className="rounded border border-line px-1.5 font-mono text-xs text-muted hover:bg-hover"
        >
          {run.title !== run.workflow.name && <span className="mr-1.5 font-sans">{run.workflow.name}</span>}
          {strings.version(run.version)}
        </Link>
        <Status status={run.status} pill />
        {run.failed_step && (
          <span className="rounded-full bg-warn-soft px-2 py-0.5 text-xs font-medium text-warn">
            {strings.withFailedStep}
          </span>
        )}
      </PageHead>
      <Facts run={run} />
      {run.status === 'failed' &&
        (error && error.code === run.error_code ? (
          <div className="mx-4 mb-3">
            <ErrorCard error={error} />
          </div>
        ) : (
          run.error_message && (
            <div className="mx-4 mb-3">
              <Note tone="bad">
                {run.error_message} <span className="font-mono text-xs">{run.error_code}</span>
              </Note>
            </div>
          )
        ))}
      {run.failed_step && (
        <div className="mx-4 mb-3">
          <Note tone="warn">{strings.failedStep(run.failed_step.title, run.failed_step.message)}</Note>
        </div>
      )}
      <MoveBack run={run} />
      <Waiting run={run} />
      <Views run={run} onRetry={may && run.ended_at != null ? setRetrying : undefined} />
    </>
  )
}

export default function RunPage() {
  const { run: id } = useParams({ from: '/shell/runs/$run' })
  const query = useQuery(queries.run(id))
  return <QueryState query={query}>{(run) => <Detail run={run} />}</QueryState>
}
