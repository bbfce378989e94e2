import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { ArrowRightLeft, Ellipsis, FlaskConical, GitBranch, GitCompare, History, Percent } from 'lucide-react'
import { useState } from 'react'
import { problemText } from '@/api/client'
import { queries } from '@/api/queries'
import type { Version, Workflow } from '@/api/types'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMay } from '@/app/session'
import { BacktestDialog } from '@/components/backtest/backtest-dialog'
import { strings as backtest } from '@/components/backtest/strings'
import { Difference } from '@/components/difference/difference'
import { Status } from '@/components/status'
import { Button, buttonClass, IconButton } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Select } from '@/ui/field'
import { Menu } from '@/ui/menu'
import { Empty } from '@/ui/states'
import { Ago } from '@/ui/time'
import { toast } from '@/ui/toast'
import { Activations } from './activations'
import { reads, writes } from './api'
import { MoveDialog } from './move-dialog'
import { RampDialog, rampOf, useRamp, type Ramp } from './ramp-dialog'
import { RollbackDialog } from './rollback-dialog'
import { strings as s } from './strings'
import { useChosen, useVersionActions, type Acts } from './version-actions'

type Kind = 'rollback' | 'ramp' | 'move' | 'backtest'

function Row({
  version,
  may,
  act,
  chosen,
  onChoose,
}: {
  version: Version
  may: boolean
  act: Acts
  chosen: boolean
  onChoose: () => void
}) {
  const items = [
    { id: 'fork', label: s.fork, icon: <GitBranch size={14} />, disabled: !may, run: act.fork },
    { id: 'ramp', label: s.ramp.open, icon: <Percent size={14} />, disabled: !may || version.active, run: act.ramp },
    { id: 'move', label: s.move.open, icon: <ArrowRightLeft size={14} />, disabled: !may, run: act.move },
    { id: 'backtest', label: backtest.open, icon: <FlaskConical size={14} />, disabled: !may, run: act.backtest },
  ]
  return (
    <li
      aria-current={chosen ? 'true' : undefined}
      onFocusCapture={onChoose}
      className={cx(
        'flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-l-2 border-b-line px-4 py-3',
        chosen ? 'border-l-accent' : 'border-l-transparent',
      )}
    >
      <span className="w-12 font-mono text-sm font-medium">v{version.version}</span>
      <div className="min-w-0 flex-1 basis-60">
        <p className="truncate font-medium">
          {version.message || '–'}{' '}
          {version.active && (
            <span className="ml-1 rounded-full bg-ok-soft px-2 py-0.5 text-xs text-ok">{s.active}</span>
          )}
          {version.ramp_percent != null && (
            <span className="ml-1 rounded-full bg-accent-soft px-2 py-0.5 text-xs text-accent">
              {s.rampBadge(version.ramp_percent)}
            </span>
          )}
        </p>
        <p className="text-xs text-faint">
          {version.author?.name} · <Ago at={version.created_at} /> ·{' '}
          <span className="font-mono" title={version.hash}>
            {version.hash.slice(0, 12)}
          </span>
        </p>
      </div>
      <div className="flex gap-3">
        {version.runs.running > 0 && (
          <Status status="running" label={`${version.runs.running} ${s.running}`} className="!text-xs" />
        )}
        {version.runs.waiting > 0 && (
          <Status status="waiting" label={`${version.runs.waiting} ${s.waiting}`} className="!text-xs" />
        )}
      </div>
      <div className="flex gap-2">
        <Button small look="quiet" data-version={version.version} icon={<GitCompare size={14} />} onClick={act.compare}>
          {s.compare}
        </Button>
        <Button small icon={<History size={14} />} disabled={!may || version.active} onClick={act.rollback}>
          {s.rollback}
        </Button>
        <Menu
          trigger={
            <IconButton label={s.more(version.version)} className="!size-7">
              <Ellipsis size={16} />
            </IconButton>
          }
          items={items}
        />
      </div>
    </li>
  )
}

function RampNote({ id, ramp, may }: { id: string; ramp: Ramp; may: boolean }) {
  const end = useRamp(id)
  return (
    <div className="flex items-center gap-3 border-b border-line bg-accent-soft px-4 py-2 text-sm">
      <Percent size={14} className="text-accent" /> {s.ramp.on(ramp.percent, ramp.version)}
      <Button small disabled={!may} busy={end.isPending} onClick={() => end.mutate({ now: null, before: ramp })}>
        {s.ramp.end}
      </Button>
    </div>
  )
}

/** Makes the draft a copy of a version, with a way back. */
function useFork(id: string) {
  const client = useQueryClient()
  const kept = (workflow: Workflow) => {
    client.setQueryData(queries.workflow(id).queryKey, workflow)
    void client.invalidateQueries({ queryKey: ['workflows'] })
  }
  const tag = (workflow: Workflow) => `"${workflow.draft_revision}"`
  return useMutation({
    mutationFn: async (version: number) => {
      const before = await client.fetchQuery({ ...queries.workflow(id), staleTime: 0 })
      const after = await writes.fork(id, { version }, tag(before))
      return { before, after, version }
    },
    onSuccess: ({ before, after, version }) => {
      kept(after)
      const undo = () =>
        void writes
          .saveDraft(id, { document: before.draft }, tag(after))
          .then(kept, (error: unknown) => toast.bad(problemText(error)))
      toast.ok(s.forked(version), { label: s.undo, run: undo })
    },
    onError: (error) => toast.bad(problemText(error)),
  })
}

function Compare({
  id,
  versions,
  from,
  to,
  onChange,
}: {
  id: string
  versions: Version[]
  from: number
  to: string
  onChange: (from: number, to: string) => void
}) {
  const options = versions.map((version) => (
    <option key={version.version} value={version.version}>
      v{version.version}
    </option>
  ))
  return (
    <section className="flex flex-col gap-3 p-4">
      <div className="flex items-center gap-2 text-sm">
        <h2 className="mr-2 font-semibold">{s.compare}</h2>
        <Select
          aria-label={s.from}
          className="!w-24"
          value={from}
          onChange={(event) => onChange(Number(event.target.value), to)}
        >
          {options}
        </Select>
        <span aria-hidden className="text-faint">
          →
        </span>
        <Select aria-label={s.to} className="!w-24" value={to} onChange={(event) => onChange(from, event.target.value)}>
          <option value="draft">{s.draft}</option>
          {options}
        </Select>
      </div>
      <Difference id={id} from={from} to={to} />
    </section>
  )
}

/** The list, its comparison and its dialogs; the keys are about the chosen version. */
function Versions({ id, items }: { id: string; items: Version[] }) {
  const search = useSearch({ from: '/shell/workflows/$workflow/versions' })
  const navigate = useNavigate({ from: '/workflows/$workflow/versions' })
  const [dialog, setDialog] = useState<{ kind: Kind; version: number } | null>(null)
  const fork = useFork(id)
  const may = useMay('builder')
  const close = () => setDialog(null)
  const actsOf = ({ version }: Version): Acts => {
    const open = (kind: Kind) => () => setDialog({ kind, version })
    return {
      rollback: open('rollback'),
      ramp: open('ramp'),
      move: open('move'),
      backtest: open('backtest'),
      fork: () => fork.mutate(version),
      compare: () => void navigate({ search: { from: version, to: 'draft' } }),
    }
  }
  const choice = useChosen(items)
  useVersionActions(items, choice, may, actsOf)
  const newest = items[0]
  if (!newest)
    return (
      <Empty
        icon={<History size={20} />}
        title={s.empty.title}
        action={
          <Link to="/workflows/$workflow" params={{ workflow: id }} className={buttonClass('primary')}>
            {s.open}
          </Link>
        }
      >
        {s.empty.text}
      </Empty>
    )
  const ramp = rampOf(items)
  const before = { active: items.find((one) => one.active)?.version, ramp }
  return (
    <>
      {ramp && <RampNote id={id} ramp={ramp} may={may} />}
      <ol aria-label={s.title}>
        {items.map((version) => (
          <Row
            key={version.version}
            version={version}
            may={may}
            act={actsOf(version)}
            chosen={version === choice.chosen}
            onChoose={() => choice.choose(version.version)}
          />
        ))}
      </ol>
      <Compare
        id={id}
        versions={items}
        from={search.from ?? items[1]?.version ?? newest.version}
        to={search.to ?? (items[1] ? String(newest.version) : 'draft')}
        onChange={(from, to) => void navigate({ search: { from, to }, replace: true })}
      />
      <Activations id={id} />
      {dialog?.kind === 'ramp' && <RampDialog id={id} version={dialog.version} before={ramp} onClose={close} />}
      {dialog?.kind === 'rollback' && (
        <RollbackDialog id={id} version={dialog.version} before={before} onClose={close} />
      )}
      {dialog?.kind === 'move' && <MoveDialog id={id} to={dialog.version} onClose={close} />}
      {dialog?.kind === 'backtest' && <BacktestDialog id={id} version={dialog.version} onClose={close} />}
    </>
  )
}

export default function VersionsPage() {
  const { workflow: id } = useParams({ from: '/shell/workflows/$workflow/versions' })
  const { data: workflow } = useQuery(queries.workflow(id))
  const query = useQuery(reads.versions(id))
  useTitle(workflow ? `${s.title} · ${workflow.name}` : s.title)
  return (
    <>
      <PageHead
        title={
          <>
            <Link to="/workflows" className="font-normal text-faint hover:text-text">
              {s.workflows}
            </Link>{' '}
            <span className="text-faint">/</span>{' '}
            <Link to="/workflows/$workflow" params={{ workflow: id }} className="hover:underline">
              {workflow?.name ?? '…'}
            </Link>{' '}
            <span className="text-faint">/</span> {s.title}
          </>
        }
        actions={
          <Link to="/workflows/$workflow" params={{ workflow: id }} className={buttonClass('plain')}>
            {s.open}
          </Link>
        }
      />
      <QueryState query={query}>{({ items }) => <Versions key={id} id={id} items={items} />}</QueryState>
    </>
  )
}
