import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Activity, FilterX, Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { queries, type RunFilters } from '@/api/queries'
import { useActions } from '@/app/actions'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { LoadMore } from '@/components/load-more'
import { StatusIcon } from '@/components/status'
import { RUN_STATUSES, statusLook } from '@/model/status'
import { Button, buttonClass } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Input, Select } from '@/ui/field'
import { Empty } from '@/ui/states'
import { RunTable } from './run-table'
import { strings as s } from './strings'

function StatusFilter({ value, onChange }: { value: string | undefined; onChange: (status: string | undefined) => void }) {
  const { data: counts } = useQuery(queries.runCounts())
  const total = counts ? RUN_STATUSES.reduce((sum, status) => sum + counts[status], 0) : undefined
  const chip = (id: string | undefined, label: string, count: number | undefined) => (
    <button key={label} type="button" aria-pressed={value === id} onClick={() => onChange(id)} className={cx('inline-flex h-7 shrink-0 items-center gap-1.5 rounded-md px-2 text-sm', value === id ? 'bg-hover font-medium text-text' : 'text-muted hover:bg-hover')}>
      {id && <span aria-hidden className="inline-flex"><StatusIcon status={id} size={14} /></span>}
      {label}
      {count !== undefined && <span className="text-xs text-faint tabular-nums">{count.toLocaleString()}</span>}
    </button>
  )
  return (
    <div role="group" aria-label={s.statusLabel} className="-mx-2 flex gap-0.5 overflow-x-auto px-1">
      {chip(undefined, s.all, total)}
      {RUN_STATUSES.map((status) => chip(status, statusLook(status).word, counts?.[status]))}
    </div>
  )
}

const SPANS = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 }

function spanOf(after: number | undefined): string {
  if (after === undefined) return ''
  const age = Date.now() - after
  return age <= SPANS.hour * 1.5 ? 'hour' : age <= SPANS.day * 1.5 ? 'day' : 'week'
}

/** The text box writes to the address a moment after the last key. */
function SearchBox({ value, onChange }: { value: string | undefined; onChange: (text: string | undefined) => void }) {
  const [text, setText] = useState(value ?? '')
  const box = useRef<HTMLInputElement>(null)
  useActions([{ id: 'runs.search', label: s.search, group: s.group, shortcut: '/', run: () => box.current?.focus() }])
  useEffect(() => {
    if (text === (value ?? '')) return
    const timer = setTimeout(() => onChange(text || undefined), 250)
    return () => clearTimeout(timer)
  }, [text, value, onChange])
  return (
    <div className="relative w-full sm:w-56">
      <Search size={14} aria-hidden className="absolute top-2 left-2.5 text-faint" />
      <Input ref={box} type="search" aria-label={s.search} placeholder={s.searchPlaceholder} value={text} onChange={(event) => setText(event.target.value)} className="!pl-8" />
    </div>
  )
}

export default function RunsPage() {
  useTitle(s.title)
  const filters: RunFilters = useSearch({ from: '/shell/runs' })
  const navigate = useNavigate({ from: '/runs' })
  const query = useInfiniteQuery(queries.runs(filters))
  const { data: workflows } = useQuery(queries.workflows())
  const filtered = Object.values(filters).some((value) => value !== undefined)
  const set = (change: RunFilters) => void navigate({ search: (old) => ({ ...old, ...change }), replace: true })
  return (
    <>
      <PageHead
        title={s.title}
        below={<StatusFilter value={filters.status} onChange={(status) => set({ status })} />}
        actions={
          <>
            {filtered && <Button look="quiet" small icon={<FilterX size={14} />} onClick={() => void navigate({ search: {} })}><span className="hidden sm:inline">{s.clear}</span></Button>}
            <Select aria-label={s.since} value={spanOf(filters.after)} onChange={(event) => set({ after: event.target.value ? Date.now() - SPANS[event.target.value as keyof typeof SPANS] : undefined })} className="hidden !w-36 md:block">
              <option value="">{s.sinceAny}</option><option value="hour">{s.sinceHour}</option><option value="day">{s.sinceDay}</option><option value="week">{s.sinceWeek}</option>
            </Select>
            <Select aria-label={s.workflow} value={filters.workflow ?? ''} onChange={(event) => set({ workflow: event.target.value || undefined })} className="hidden !w-44 md:block">
              <option value="">{s.anyWorkflow}</option>
              {workflows?.items.map((workflow) => <option key={workflow.id} value={workflow.id}>{workflow.name}</option>)}
            </Select>
            <SearchBox key={filters.text === undefined ? 'empty' : 'set'} value={filters.text} onChange={(text) => set({ text })} />
          </>
        }
      />
      <QueryState query={query}>
        {(data) => {
          const items = data.pages.flatMap((page) => page.items)
          if (items.length > 0) return <><RunTable runs={items} /><LoadMore query={query} /></>
          if (filtered) return <Empty icon={<FilterX size={20} />} title={s.emptyFiltered.title}>{s.emptyFiltered.text}</Empty>
          return <Empty icon={<Activity size={20} />} title={s.empty.title} action={<Link to="/workflows" className={buttonClass('primary')}>{s.empty.action}</Link>}>{s.empty.text}</Empty>
        }}
      </QueryState>
    </>
  )
}
