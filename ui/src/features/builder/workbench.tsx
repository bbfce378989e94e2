import { useBlocker, useNavigate, useSearch } from '@tanstack/react-router'
import { useReactFlow } from '@xyflow/react'
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react'
import type { Workflow } from '@/api/types'
import { useTitle } from '@/app/page'
import { useMay } from '@/app/session'
import { BacktestDialog } from '@/components/backtest/backtest-dialog'
import { StartRun } from '@/components/start-run/start-run'
import type { WorkflowDocument } from '@/model/document'
import type { Overlay } from '@/model/graph'
import { later } from '@/ui/later'
import { Skeleton } from '@/ui/states'
import { useBuilderActions } from './actions/use-builder-actions'
import AddDialog from './add-dialog'
import { Bar } from './bar'
import { useBuilder, useDocument, useView } from './context'
import { ConflictDialog, LeaveDialog } from './draft-dialogs'
import { EditCanvas } from './edit-canvas'
import { preloadExpressionEditor } from './expression-field'
import { Guide } from './guide'
import { Inspector } from './inspector'
import { KindPalette } from './kind-palette'
import { ProblemsPanel } from './problems'
import { PublishDialog } from './publish-dialog'

const YamlView = lazy(() => import('./yaml-view'))
/** The canvas is as wide as it stays once the panel stands. */
const PANEL_MS = 100

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

/** What is seen, as the address has it: graph or YAML, and whether the panel that plays the draft is open. */
function useWhatIsSeen() {
  const search = useSearch({ from: '/shell/workflows/$workflow' })
  const navigate = useNavigate({ from: '/workflows/$workflow' })
  const view: 'graph' | 'yaml' = search.view ?? 'graph'
  const rehearsing = search.rehearse !== undefined
  return {
    view,
    rehearsing,
    begin: search.rehearse === 'tests' ? ('tests' as const) : undefined,
    setView: (next: 'graph' | 'yaml') =>
      void navigate({ search: (old) => ({ ...old, view: next === 'yaml' ? 'yaml' : undefined }), replace: true }),
    rehearse: (on: boolean) =>
      void navigate({ search: (old) => ({ ...old, rehearse: on || undefined }), replace: true }),
    /** Back to where the fields are. */
    toFields: async () => {
      if (view === 'yaml' || rehearsing)
        await navigate({ search: (old) => ({ ...old, view: undefined, rehearse: undefined }), replace: true })
    },
    versions: () => void navigate({ to: '/workflows/$workflow/versions' }),
    triggers: () => void navigate({ to: '/workflows/$workflow/triggers' }),
  }
}

type Seen = ReturnType<typeof useWhatIsSeen>

/** Beside the panel the canvas is narrower: the graph is brought into what is left. */
function useFitBeside(rehearsing: boolean): void {
  const flow = useReactFlow()
  useEffect(() => {
    if (!rehearsing) return undefined
    return later(() => void flow.fitView({ duration: 250, maxZoom: 1, padding: 0.1 }), PANEL_MS)
  }, [flow, rehearsing])
}

/** Asks before a draft is left that could not be kept. */
function Leaving() {
  const builder = useBuilder()
  const leaving = useBlocker({
    shouldBlockFn: async ({ current, next }) => {
      if (next.pathname === current.pathname) return false
      await builder.flush()
      return builder.unsaved()
    },
    enableBeforeUnload: false,
    withResolver: true,
  })
  if (leaving.status !== 'blocked') return null
  return (
    <LeaveDialog
      onStay={leaving.reset}
      onLeave={() => {
        builder.giveUp()
        leaving.proceed()
      }}
    />
  )
}

function Drawing({ editable, seen, overlay }: { editable: boolean; seen: Seen; overlay?: Overlay }) {
  const problems = useView((view) => view.problems)
  if (seen.view === 'yaml')
    return (
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <Suspense fallback={<Skeleton className="m-4 h-96 flex-1" />}>
          <YamlView editable={editable} />
        </Suspense>
        {problems && <ProblemsPanel docked onGo={seen.toFields} />}
      </div>
    )
  return (
    <>
      <div className="relative min-h-[70dvh] min-w-0 flex-1 md:min-h-0">
        <EditCanvas editable={editable} overlay={seen.rehearsing ? overlay : undefined} />
        {editable && <KindPalette />}
        {problems && <ProblemsPanel onGo={seen.toFields} />}
      </div>
      {!seen.rehearsing && <Inspector editable={editable} />}
    </>
  )
}

export function Workbench({ workflow, rehearsal }: { workflow: Workflow; rehearsal: RehearsalSlot }) {
  const builder = useBuilder()
  const editable = useMay('builder')
  const seen = useWhatIsSeen()
  const [dialog, setDialog] = useState<'publish' | 'run' | 'backtest' | null>(null)
  const document = useDocument()
  const selected = useView((view) => view.selected)
  const [overlay, setOverlay] = useState<Overlay>()
  useTitle(document.name)
  useSelectionInAddress()
  useEffect(() => builder.follow(), [builder])
  useEffect(preloadExpressionEditor, [])
  useFitBeside(seen.rehearsing)
  const actions = useBuilderActions(builder, {
    editable,
    yaml: seen.view === 'yaml',
    toggleYaml: () => seen.setView(seen.view === 'yaml' ? 'graph' : 'yaml'),
    publish: () => setDialog('publish'),
    run: () => setDialog('run'),
    rehearse: () => seen.rehearse(!seen.rehearsing),
    versions: seen.versions,
    triggers: seen.triggers,
  })
  return (
    <>
      <Bar
        workflow={workflow}
        actions={actions}
        backtest={editable && workflow.last_version > 0 ? () => setDialog('backtest') : undefined}
        view={seen.view}
        setView={seen.setView}
        rehearsing={seen.rehearsing}
      />
      {editable && <Guide workflow={workflow} rehearsing={seen.rehearsing} />}
      <div className="relative flex min-h-0 flex-1">
        <Drawing editable={editable} seen={seen} overlay={overlay} />
        {seen.rehearsing &&
          rehearsal({
            id: builder.id,
            document,
            selected: selected.size === 1 ? [...selected][0] : undefined,
            begin: seen.begin,
            onOverlay: setOverlay,
            onClose: () => seen.rehearse(false),
          })}
      </div>
      <AddDialog />
      <ConflictDialog />
      <Leaving />
      {dialog === 'publish' && <PublishDialog active={workflow.active_version} onClose={() => setDialog(null)} />}
      {dialog === 'backtest' && (
        <BacktestDialog id={workflow.id} before={() => builder.flush()} onClose={() => setDialog(null)} />
      )}
      {dialog === 'run' && (
        <StartRun workflow={workflow.id} active={workflow.active_version} onClose={() => setDialog(null)} />
      )}
    </>
  )
}
