import { Link } from '@tanstack/react-router'
import {
  CircleAlert,
  CircleCheck,
  Cloud,
  CloudAlert,
  CloudUpload,
  Compass,
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
  Zap,
} from 'lucide-react'
import type { ReactNode } from 'react'
import type { Workflow } from '@/api/types'
import type { Action } from '@/app/actions'
import { PageHead } from '@/app/page'
import { strings as backtestWords } from '@/components/backtest/strings'
import { Button, IconButton } from '@/ui/button'
import { Menu } from '@/ui/menu'
import { useStore } from '@/ui/store'
import { Tabs } from '@/ui/tabs'
import { useBuilder, useDocument, useFound } from './context'
import { openGuide } from './guide'
import { strings as s } from './strings'

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
  const list = useFound()
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

const act = (actions: Acts, id: string) => actions[id] as Action

/** An action as a small button, with what it would do just now. */
function Tool({ action, children }: { action: Action; children: ReactNode }) {
  const { label, hint, enabled, shortcut, run } = action
  return (
    <IconButton
      label={label}
      title={hint ? s.actions.hinted(label, hint) : label}
      disabled={enabled === false}
      onClick={run}
      aria-keyshortcuts={shortcut}
    >
      {children}
    </IconButton>
  )
}

/** What is done seldom. */
function More({ actions, backtest }: { actions: Acts; backtest?: () => void }) {
  const { id } = useBuilder()
  const items = (
    [
      ['versions', <History key="v" size={14} />],
      ['triggers', <Zap key="t" size={14} />],
      ['layout', <LayoutGrid key="l" size={14} />],
      ['download', <Download key="d" size={14} />],
      ['downloadJson', <Download key="j" size={14} />],
      ['run', <Play key="r" size={14} />],
    ] as const
  ).map(([id, icon]) => ({ ...act(actions, id), icon, disabled: act(actions, id).enabled === false }))
  if (backtest)
    items.push({
      id: 'backtest',
      label: backtestWords.open,
      group: s.group,
      icon: <FlaskConical size={14} />,
      disabled: false,
      run: backtest,
    })
  items.push({
    id: 'guide',
    label: s.guide.open,
    group: s.group,
    icon: <Compass size={14} />,
    disabled: false,
    run: () => openGuide(id),
  })
  return (
    <Menu
      trigger={
        <IconButton label={s.actions.more}>
          <Ellipsis size={16} />
        </IconButton>
      }
      items={items}
    />
  )
}

function Tools({ actions, rehearsing, backtest }: { actions: Acts; rehearsing: boolean; backtest?: () => void }) {
  const rehearse = act(actions, 'rehearse')
  const publish = act(actions, 'publish')
  return (
    <>
      <ProblemCount action={act(actions, 'problems')} />
      <span className="hidden items-center sm:flex">
        <Tool action={act(actions, 'undo')}>
          <Undo2 size={16} />
        </Tool>
        <Tool action={act(actions, 'redo')}>
          <Redo2 size={16} />
        </Tool>
        <Tool action={act(actions, 'add')}>
          <Plus size={16} />
        </Tool>
      </span>
      <More actions={actions} backtest={backtest} />
      <Button
        icon={<FlaskConical size={14} />}
        aria-pressed={rehearsing}
        aria-keyshortcuts={rehearse.shortcut}
        onClick={rehearse.run}
      >
        {s.actions.rehearse}
      </Button>
      <Button look="primary" icon={<Rocket size={14} />} disabled={publish.enabled === false} onClick={publish.run}>
        {s.actions.publish}
      </Button>
    </>
  )
}

type Props = {
  workflow: Workflow
  actions: Acts
  backtest?: () => void
  view: 'graph' | 'yaml'
  setView: (view: 'graph' | 'yaml') => void
  rehearsing: boolean
}

/** The head of the builder: whose draft it is, how it is kept, and what can be done with it. */
export function Bar({ workflow, actions, backtest, view, setView, rehearsing }: Props) {
  const name = useDocument().name
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
      actions={<Tools actions={actions} rehearsing={rehearsing} backtest={backtest} />}
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
