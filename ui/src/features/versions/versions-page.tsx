import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { GitCompare, History } from 'lucide-react'
import { useState } from 'react'
import { queries } from '@/api/queries'
import type { Version } from '@/api/types'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMay } from '@/app/session'
import { Status } from '@/components/status'
import { Button, buttonClass } from '@/ui/button'
import { Select } from '@/ui/field'
import { Empty } from '@/ui/states'
import { Ago } from '@/ui/time'
import { Difference } from './difference'
import { RollbackDialog } from './rollback-dialog'
import { strings as s } from './strings'

function Row({ version, may, onRollback, onCompare }: { version: Version; may: boolean; onRollback: () => void; onCompare: () => void }) {
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-4 py-3">
      <span className="w-12 font-mono text-sm font-medium">v{version.version}</span>
      <div className="min-w-0 flex-1 basis-60">
        <p className="truncate font-medium">{version.message || '–'} {version.active && <span className="ml-1 rounded-full bg-ok-soft px-2 py-0.5 text-xs text-ok">{s.active}</span>}</p>
        <p className="text-xs text-faint">{version.author?.name} · <Ago at={version.created_at} /> · <span className="font-mono" title={version.hash}>{version.hash.slice(0, 12)}</span></p>
      </div>
      <div className="flex gap-3">
        {version.runs.running > 0 && <Status status="running" label={`${version.runs.running} ${s.running}`} className="!text-xs" />}
        {version.runs.waiting > 0 && <Status status="waiting" label={`${version.runs.waiting} ${s.waiting}`} className="!text-xs" />}
      </div>
      <div className="flex gap-2">
        <Button small look="quiet" icon={<GitCompare size={14} />} onClick={onCompare}>{s.compare}</Button>
        <Button small icon={<History size={14} />} disabled={!may || version.active} onClick={onRollback}>{s.rollback}</Button>
      </div>
    </li>
  )
}

function Compare({ id, versions, from, to, onChange }: { id: string; versions: Version[]; from: number; to: string; onChange: (from: number, to: string) => void }) {
  const options = versions.map((version) => <option key={version.version} value={version.version}>v{version.version}</option>)
  return (
    <section className="flex flex-col gap-3 p-4">
      <div className="flex items-center gap-2 text-sm">
        <h2 className="mr-2 font-semibold">{s.compare}</h2>
        <Select aria-label={s.from} className="!w-24" value={from} onChange={(event) => onChange(Number(event.target.value), to)}>{options}</Select>
        <span aria-hidden className="text-faint">→</span>
        <Select aria-label={s.to} className="!w-24" value={to} onChange={(event) => onChange(from, event.target.value)}><option value="draft">{s.draft}</option>{options}</Select>
      </div>
      <Difference id={id} from={from} to={to} />
    </section>
  )
}

export default function VersionsPage() {
  const { workflow: id } = useParams({ from: '/shell/workflows/$workflow/versions' })
  const search = useSearch({ from: '/shell/workflows/$workflow/versions' })
  const navigate = useNavigate({ from: '/workflows/$workflow/versions' })
  const { data: workflow } = useQuery(queries.workflow(id))
  const query = useQuery(queries.versions(id))
  const [rollback, setRollback] = useState<Version | null>(null)
  const may = useMay('builder')
  useTitle(workflow ? `${s.title} · ${workflow.name}` : s.title)
  return (
    <>
      <PageHead
        title={<><Link to="/workflows" className="font-normal text-faint hover:text-text">{s.workflows}</Link> <span className="text-faint">/</span> <Link to="/workflows/$workflow" params={{ workflow: id }} className="hover:underline">{workflow?.name ?? '…'}</Link> <span className="text-faint">/</span> {s.title}</>}
        actions={<Link to="/workflows/$workflow" params={{ workflow: id }} className={buttonClass('plain')}>{s.open}</Link>}
      />
      <QueryState query={query}>
        {({ items }) => {
          const newest = items[0]
          if (!newest) return <Empty icon={<History size={20} />} title={s.empty.title} action={<Link to="/workflows/$workflow" params={{ workflow: id }} className={buttonClass('primary')}>{s.open}</Link>}>{s.empty.text}</Empty>
          return (
            <>
              <ol aria-label={s.title}>{items.map((version) => <Row key={version.version} version={version} may={may} onRollback={() => setRollback(version)} onCompare={() => void navigate({ search: { from: version.version, to: 'draft' } })} />)}</ol>
              <Compare id={id} versions={items} from={search.from ?? items[1]?.version ?? newest.version} to={search.to ?? (items[1] ? String(newest.version) : 'draft')} onChange={(from, to) => void navigate({ search: { from, to }, replace: true })} />
            </>
          )
        }}
      </QueryState>
      {rollback && <RollbackDialog id={id} version={rollback.version} onClose={() => setRollback(null)} />}
    </>
  )
}
