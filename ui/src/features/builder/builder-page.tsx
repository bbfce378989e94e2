import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useBlocker, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { ReactFlowProvider, useReactFlow } from '@xyflow/react'
import {
  CircleAlert,
  CircleCheck,
  Cloud,
  CloudAlert,
  CloudUpload,
  Download,
  Ellipsis,
  FlaskConical,
  History,
  LayoutGrid,
  Play,
  Plus,
  Redo2,
  Rocket,
  TriangleAlert,
  Undo2,
} from 'lucide-react'
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import { queries } from '@/api/queries'
import type { Workflow } from '@/api/types'
import type { Action } from '@/app/actions'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMay } from '@/app/session'
import { BacktestDialog } from '@/components/backtest/backtest-dialog'
import { strings as backtestWords } from '@/components/backtest/strings'
import { Button, IconButton } from '@/ui/button'
import { Menu } from '@/ui/menu'
import type { WorkflowDocument } from '@/model/document'
import type { Overlay } from '@/model/graph'
import { Skeleton } from '@/ui/states'
import { useStore } from '@/ui/store'
import { Tabs } from '@/ui/tabs'
import AddDialog from './add-dialog'
import { BuilderContext, useBuilder, useDocument, useView } from './context'
import { ConflictDialog, LeaveDialog, PublishDialog, RunDialog } from './dialogs'
import { EditCanvas } from './edit-canvas'
import { preloadExpressionEditor } from './expression-field'
import { Inspector } from './inspector'
import { KindPalette } from './kind-palette'
import { ProblemsPanel } from './problems'
import { createBuilder } from './stores'
import { strings as s } from './strings'
import { useBuilderActions } from './use-builder-actions'

const YamlView = lazy(() => import('./yaml-view'))

function SaveMark() {
  const builder = useBuilder()
  const state = useStore(builder.saving)
  const icons = {
    saved: <Cloud size={14} />,
    changed: <CloudUpload size={14} />,
    saving: <CloudUpload size={14} />,
    failed: <CloudAlert size={14} />,
    conflict: <CloudAlert size={14} />,
  }
  const bad = state.kind === 'failed' || state.kind === 'conflict'
  return (
    <>
      <span
        role="status"
        title={state.kind === 'failed' ? state.message : undefined}
        className={`inline-flex items-center gap-1 text-xs ${bad ? 'text-bad' : 'text-faint'}`}
      >
        {icons[state.kind]} {s.save[state.kind]}
      </span>
      {state.kind === 'failed' && (
        <Button small title={state.message} onClick={() => void builder.flush()}>
          {s.actions.save}
        </Button>
      )}
    </>
  )
}

function ProblemCount({ action }: { action: Action }) {
  const builder = useBuilder()
  const { list } = useStore(builder.diagnostics)
  const errors = list.filter((problem) => problem.severity === 'error').length
  const warnings = list.length - errors
  const icon =
    errors > 0 ? (
      <CircleAlert size={14} className="text-bad" />
    ) : warnings > 0 ? (
      <TriangleAlert size={14} className="text-warn" />
    ) : (
      <CircleCheck size={14} className="text-ok" />
    )
  return (
    <Button
      small
      look="quiet"
      icon={icon}
      onClick={action.run}
      aria-label={`${s.problems.title}: ${s.problems.summary(errors, warnings)}`}
      title={s.problems.summary(errors, warnings)}
    >
      {list.length}
    </Button>
  )
}

type Acts = Record<string, Action>

function Bar({
  workflow,
  actions,
  backtest,
  view,
  setView,
  rehearsing,
}: {
  workflow: Workflow
  actions: Acts
  backtest?: () => void
  view: 'graph' | 'yaml'
  setView: (view: 'graph' | 'yaml') => void
  rehearsing: boolean
}) {
  const name = useDocument().name
  const act = (id: string) => actions[id] as Action
  const icon = (id: string, look: React.ReactNode) => {
    const { label, hint, enabled, shortcut, run } = act(id)
    return (
      <IconButton
        label={label}
        title={hint ? s.actions.hinted(label, hint) : label}
        disabled={enabled === false}
        onClick={run}
        aria-keyshortcuts={shortcut}
      >
        {look}
      </IconButton>
    )
  }
  const menu = (
    [
      ['versions', <History key="v" size={14} />],
      ['layout', <LayoutGrid key="l" size={14} />],
      ['download', <Download key="d" size={14} />],
      ['downloadJson', <Download key="j" size={14} />],
      ['run', <Play key="r" size={14} />],
    ] as const
  ).map(([id, look]) => ({ ...act(id), icon: look, disabled: act(id).enabled === false }))
  if (backtest)
    menu.push({
      id: 'backtest',
      label: backtestWords.open,
      group: s.group,
      icon: <FlaskConical size={14} />,
      disabled: false,
      run: backtest,
    })
  return (
    <PageHead
      title={
        <>
          <Link to="/workflows" className="font-normal text-faint hover:text-text">
            {s.workflows}
          </Link>{' '}
          <span className="text-faint">/</span> {name}
        </>
      }
      actions={
        <>
          <ProblemCount action={act('problems')} />
          <span className="hidden items-center sm:flex">
            {icon('undo', <Undo2 size={16} />)}
            {icon('redo', <Redo2 size={16} />)}
            {icon('add', <Plus size={16} />)}
          </span>
          <Menu
            trigger={
              <IconButton label={s.actions.more}>
                <Ellipsis size={16} />
              </IconButton>
            }
            items={menu}
          />
          <Button
            icon={<FlaskConical size={14} />}
            aria-pressed={rehearsing}
            aria-keyshortcuts={act('rehearse').shortcut}
            onClick={act('rehearse').run}
          >
            {s.actions.rehearse}
          </Button>
          <Button
            look="primary"
            icon={<Rocket size={14} />}
            disabled={act('publish').enabled === false}
            onClick={act('publish').run}
          >
            {s.actions.publish}
          </Button>
        </>
      }
    >
      <Link
        to="/workflows/$workflow/versions"
        params={{ workflow: workflow.id }}
        className="rounded border border-line px-1.5 font-mono text-xs text-muted hover:bg-hover"
      >
        {workflow.active_version != null ? `v${workflow.active_version}` : s.neverPublished}
      </Link>
      <SaveMark />
      <Tabs
        label={s.views.label}
        value={view}
        onChange={setView}
        tabs={[
          { id: 'graph', label: s.views.graph },
          { id: 'yaml', label: s.views.yaml },
        ]}
        className="ml-2"
      />
    </PageHead>
  )
}

/** The selected step is in the address, so that a link leads to it. */
function useSelectionInAddress(): void {
  const builder = useBuilder()
  const { step } = useSearch({ from: '/shell/workflows/$workflow' })
  const navigate = useNavigate({ from: '/workflows/$workflow' })
  const selected = useView((view) => view.selected)
  const only = selected.size === 1 ? [...selected][0] : undefined
  useEffect(() => {
    if (step && Object.hasOwn(builder.history.get().document.steps, step)) builder.select([step])
    // Only the address the page was opened with selects; afterwards it follows.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [builder])
  useEffect(() => {
    if (only !== step) void navigate({ search: (old) => ({ ...old, step: only }), replace: true, resetScroll: false })
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [only])
}

/** The panel beside the canvas that plays the draft; another feature's, so it is handed in. */
export type RehearsalSlot = (props: {
  id: string
  document: WorkflowDocument
  selected?: string
  begin?: 'tests'
  onOverlay: (overlay: Overlay | undefined) => void
  onClose: () => void
}) => ReactNode

function Workbench({ workflow, rehearsal }: { workflow: Workflow; rehearsal: RehearsalSlot }) {
  const builder = useBuilder()
  const editable = useMay('builder')
  const search = useSearch({ from: '/shell/workflows/$workflow' })
  const navigate = useNavigate({ from: '/workflows/$workflow' })
  const [dialog, setDialog] = useState<'publish' | 'run' | 'backtest' | null>(null)
  const problems = useView((view) => view.problems)
  const view = search.view ?? 'graph'
  const document = useDocument()
  const selected = useView((view) => view.selected)
  const [overlay, setOverlay] = useState<Overlay>()
  const rehearsing = search.rehearse !== undefined
  const rehearse = (on: boolean) =>
    void navigate({ search: (old) => ({ ...old, rehearse: on || undefined }), replace: true })
  const setView = (next: 'graph' | 'yaml') =>
    void navigate({ search: (old) => ({ ...old, view: next === 'yaml' ? 'yaml' : undefined }), replace: true })
  /** Back to where the fields are. */
  const toFields = async () => {
    if (view === 'yaml' || rehearsing)
      await navigate({ search: (old) => ({ ...old, view: undefined, rehearse: undefined }), replace: true })
  }
  useTitle(document.name)
  useSelectionInAddress()
  const flow = useReactFlow()
  useEffect(() => builder.follow(), [builder])
  useEffect(preloadExpressionEditor, [])
  // Beside the panel the canvas is narrower: the graph is brought into what is left.
  useEffect(() => {
    if (!rehearsing) return
    const timer = setTimeout(() => void flow.fitView({ duration: 250, maxZoom: 1, padding: 0.1 }), 100)
    return () => clearTimeout(timer)
  }, [flow, rehearsing])
  const leaving = useBlocker({
    shouldBlockFn: async ({ current, next }) => {
      if (next.pathname === current.pathname) return false
      await builder.flush()
      return builder.unsaved()
    },
    enableBeforeUnload: false,
    withResolver: true,
  })
  const actions = useBuilderActions(builder, {
    editable,
    yaml: view === 'yaml',
    toggleYaml: () => setView(view === 'yaml' ? 'graph' : 'yaml'),
    publish: () => setDialog('publish'),
    run: () => setDialog('run'),
    rehearse: () => rehearse(!rehearsing),
  })
  return (
    <>
      <Bar
        workflow={workflow}
        actions={actions}
        backtest={editable && workflow.last_version > 0 ? () => setDialog('backtest') : undefined}
        view={view}
        setView={setView}
        rehearsing={rehearsing}
      />
      <div className="relative flex min-h-0 flex-1">
        {view === 'yaml' ? (
          <div className="flex min-h-0 min-w-0 flex-1 flex-col">
            <Suspense fallback={<Skeleton className="m-4 h-96 flex-1" />}>
              <YamlView editable={editable} />
            </Suspense>
            {problems && <ProblemsPanel docked onGo={toFields} />}
          </div>
        ) : (
          <>
            <div className="relative min-h-[70dvh] min-w-0 flex-1 md:min-h-0">
              <EditCanvas editable={editable} overlay={rehearsing ? overlay : undefined} />
              {editable && <KindPalette />}
              {problems && <ProblemsPanel onGo={toFields} />}
            </div>
            {!rehearsing && <Inspector editable={editable} />}
          </>
        )}
        {rehearsing &&
          rehearsal({
            id: builder.id,
            document,
            selected: selected.size === 1 ? [...selected][0] : undefined,
            begin: search.rehearse === 'tests' ? 'tests' : undefined,
            onOverlay: setOverlay,
            onClose: () => rehearse(false),
          })}
      </div>
      <AddDialog />
      <ConflictDialog />
      {leaving.status === 'blocked' && (
        <LeaveDialog
          onStay={leaving.reset}
          onLeave={() => {
            builder.giveUp()
            leaving.proceed()
          }}
        />
      )}
      {dialog === 'publish' && <PublishDialog active={workflow.active_version} onClose={() => setDialog(null)} />}
      {dialog === 'backtest' && (
        <BacktestDialog id={workflow.id} before={() => builder.flush()} onClose={() => setDialog(null)} />
      )}
      {dialog === 'run' && <RunDialog active={workflow.active_version} onClose={() => setDialog(null)} />}
    </>
  )
}

function Opened({ workflow, rehearsal }: { workflow: Workflow; rehearsal: RehearsalSlot }) {
  const client = useQueryClient()
  // The builder keeps its own document; answers of the server after the first only refresh what is around it.
  const [builder] = useState(() =>
    createBuilder(workflow, (saved) => client.setQueryData(queries.workflow(saved.id).queryKey, saved)),
  )
  return (
    <BuilderContext value={builder}>
      <ReactFlowProvider>
        <Workbench workflow={workflow} rehearsal={rehearsal} />
      </ReactFlowProvider>
    </BuilderContext>
  )
}

export default function BuilderPage({ rehearsal }: { rehearsal: RehearsalSlot }) {
  const { workflow: id } = useParams({ from: '/shell/workflows/$workflow' })
  const query = useQuery({ ...queries.workflow(id), refetchOnMount: 'always' })
  return (
    <QueryState
      query={query}
      skeleton={
        <div className="flex flex-1 flex-col gap-3 p-4">
          <Skeleton className="h-8 w-80" />
          <Skeleton className="h-full min-h-96 flex-1" />
        </div>
      }
    >
      {(workflow) => <Opened key={workflow.id} workflow={workflow} rehearsal={rehearsal} />}
    </QueryState>
  )
}
