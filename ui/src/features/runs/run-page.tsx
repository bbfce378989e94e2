import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useEffect } from 'react'
import { queries } from '@/api/queries'
import type { RunDetail } from '@/api/types'
import { useActions } from '@/app/actions'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { Status } from '@/components/status'
import { StepCards } from '@/components/step-cards'
import { measured } from '@/model/duration'
import { buttonClass } from '@/ui/button'
import { JsonView } from '@/ui/json-view'
import { Note, Skeleton } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { At, useNow } from '@/ui/time'
import { RunActions } from './run-actions'
import { strings } from './strings'

const s = strings.detail
const Graph = lazy(() => import('./run-graph'))

type View = 'steps' | 'graph' | 'state'

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
      <Fact label={s.started}><At at={run.started_at} /></Fact>
      <Fact label={s.trigger}><span className="font-mono text-xs">{run.trigger ?? 'api'}</span></Fact>
      <Fact label={s.duration}>{measured(Math.max(0, (run.ended_at ?? now) - run.started_at))}</Fact>
      {run.customer && <Fact label={s.customer}><Link to="/runs" search={{ customer: run.customer.id }} className="hover:underline">{run.customer.name || strings.visitor}</Link></Fact>}
      {run.conversation && <Fact label={s.conversation}><Link to="/conversations/$conversation" params={{ conversation: run.conversation }} className="text-accent hover:underline">{s.conversation}</Link></Fact>}
      <Fact label={s.id}><span className="font-mono text-xs select-all">{run.id}</span></Fact>
    </dl>
  )
}

function State({ run }: { run: RunDetail }) {
  const parts: [string, unknown][] = [[s.input, run.input], [s.vars, run.vars], [s.output, run.output]]
  return (
    <div className="flex flex-col gap-4 p-4">
      {parts.filter(([, value]) => value !== undefined && value !== null).map(([label, value]) => (
        <section key={label} className="flex flex-col gap-1">
          <h2 className="text-xs font-medium text-faint">{label}</h2>
          <JsonView value={value} label={label} />
        </section>
      ))}
    </div>
  )
}

function Waiting({ run }: { run: RunDetail }) {
  const open = run.steps.find((step) => step.checkpoint && step.checkpoint.status === 'open' && step.checkpoint.kind !== 'form')?.checkpoint
  if (!open) return null
  return (
    <div className="mx-4 mb-3 flex items-center justify-between gap-3 rounded-lg bg-warn-soft px-3 py-2 text-sm text-warn">
      <span>{strings.waitingFor(open.kind)}</span>
      <Link to="/inbox/$checkpoint" params={{ checkpoint: open.id }} className={buttonClass('plain', true)}>{s.openInbox}</Link>
    </div>
  )
}

function Detail({ run }: { run: RunDetail }) {
  useTitle(run.title || run.workflow.name)
  const search = useSearch({ from: '/shell/runs/$run' })
  const navigate = useNavigate({ from: '/runs/$run' })
  const view: View = search.tab ?? 'steps'
  const show = (next: View) => void navigate({ search: (old) => ({ ...old, tab: next === 'steps' ? undefined : next }), replace: true })
  const views: View[] = ['steps', 'graph', 'state']
  useActions([{ id: 'run.view', label: s.next, group: strings.group, shortcut: 'v', run: () => show(views[(views.indexOf(view) + 1) % views.length] ?? 'steps') }])
  useEffect(() => {
    if (search.visit) document.getElementById(`visit-${search.visit}`)?.scrollIntoView({ block: 'center' })
  }, [search.visit])
  return (
    <>
      <PageHead
        title={
          <>
            <Link to="/runs" className="font-normal text-faint hover:text-text">{strings.title}</Link> <span className="text-faint">/</span> {run.workflow.name}
          </>
        }
        actions={<RunActions run={run} />}
      >
        <Link to="/workflows/$workflow/versions" params={{ workflow: run.workflow.id }} className="rounded border border-line px-1.5 font-mono text-xs text-muted hover:bg-hover">{strings.version(run.version)}</Link>
        <Status status={run.status} pill />
      </PageHead>
      <Facts run={run} />
      {run.error_message && run.status === 'failed' && <div className="mx-4 mb-3"><Note tone="bad">{run.error_message} <span className="font-mono text-xs">{run.error_code}</span></Note></div>}
      <Waiting run={run} />
      <Tabs label={s.tabsLabel} value={view} onChange={show} tabs={views.map((id) => ({ id, label: s.tabs[id], count: id === 'steps' ? run.steps.length : null }))} className="border-b border-line px-3 pb-2" />
      {view === 'steps' && <div className="mx-auto w-full max-w-5xl p-4"><StepCards steps={run.steps} focus={search.visit} anchor={(visit) => `visit-${visit}`} /></div>}
      {view === 'graph' && <Suspense fallback={<Skeleton className="m-4 h-96" />}><Graph run={run} onStep={(visit) => void navigate({ search: { visit } })} /></Suspense>}
      {view === 'state' && <State run={run} />}
    </>
  )
}

export default function RunPage() {
  const { run: id } = useParams({ from: '/shell/runs/$run' })
  const query = useQuery(queries.run(id))
  return <QueryState query={query}>{(run) => <Detail run={run} />}</QueryState>
}
