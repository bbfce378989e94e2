import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Activity, Download, FilterX, SlidersHorizontal } from 'lucide-react'
import { useState } from 'react'
import { type RunFilters } from '@/api/queries'
import type { BulkAction, RunSummary, UnreadableRun } from '@/api/types'
import { useActions } from '@/app/actions'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMay } from '@/app/session'
import { LoadMore } from '@/components/load-more'
import { NothingSoFar } from '@/components/nothing-so-far'
import { SearchBox } from '@/components/search-box'
import { StatusIcon } from '@/components/status'
import { WorkflowFilter } from '@/components/workflow-filter'
import { RUN_STATUSES, statusLook } from '@/model/status'
import { Button, buttonClass, IconButton } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Menu } from '@/ui/menu'
import { Empty } from '@/ui/states'
import { reads } from './api'
import { BulkBar, BulkDialog } from './bulk-bar'
import { SpanFilter } from './everyday-filters'
import { FilterChips, MoreFilters } from './more-filters'
import { RunTable, type Selection } from './run-table'
import { SavedViews } from './saved-views'
import { strings as s } from './strings'

function StatusFilter({
  value,
  filters,
  onChange,
}: {
  value: string | undefined
  filters: RunFilters
  onChange: (status: string | undefined) => void
}) {
  const { data: counts } = useQuery(reads.runCounts({ ...filters, status: undefined }))
  const total = counts ? RUN_STATUSES.reduce((sum, status) => sum + counts[status], 0) : undefined
  const chip = (id: string | undefined, label: string, count: number | undefined) => (
    <button
      key={label}
      type="button"
      aria-pressed={value === id}
      onClick={() => onChange(id)}
      className={cx(
        'inline-flex h-7 shrink-0 items-center gap-1.5 rounded-md px-2 text-sm',
        value === id ? 'bg-hover font-medium text-text' : 'text-muted hover:bg-hover',
      )}
    >
      {id && (
        <span aria-hidden className="inline-flex">
          <StatusIcon status={id} size={14} />
        </span>
      )}
      {label}
      {count !== undefined && (
        <span className="text-xs text-faint tabular-nums">
          {count.toLocaleString()}
          {counts?.at_least && count > 0 ? '+' : ''}
        </span>
      )}
    </button>
  )
  return (
    <div role="group" aria-label={s.statusLabel} className="relative -mx-2 flex gap-0.5 overflow-x-auto px-1">
      {chip(undefined, s.all, total)}
      {RUN_STATUSES.map((status) => chip(status, statusLook(status).word, counts?.[status]))}
    </div>
  )
}

/** As many as one request may name. */
const SELECTED_MAX = 200

/** The runs that are ticked, and how ticking goes on to another with Shift. */
function useSelection(ids: readonly string[]): Selection & { clear: () => void } {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [last, setLast] = useState<string | null>(null)
  return {
    chosen,
    clear: () => setChosen(new Set()),
    all: (on) => setChosen(new Set(on ? ids.slice(0, SELECTED_MAX) : [])),
    toggle: (id, reach) => {
      const next = new Set(chosen)
      const on = !chosen.has(id)
      const [from, to] = [ids.indexOf(last ?? id), ids.indexOf(id)].sort((a, b) => a - b) as [number, number]
      for (const one of reach && from >= 0 ? ids.slice(from, to + 1) : [id]) {
        if (!on) next.delete(one)
        else if (next.size < SELECTED_MAX) next.add(one)
      }
      setChosen(next)
      setLast(id)
    },
  }
}

/** j and k go from row to row, x ticks the one that has the focus. */
function useRowKeys(ids: readonly string[], selection: Selection): void {
  const focused = () => document.activeElement?.getAttribute('data-run') ?? null
  const go = (by: number) => {
    const at = ids.indexOf(focused() ?? '')
    const next = ids[at < 0 ? (by > 0 ? 0 : ids.length - 1) : Math.min(Math.max(at + by, 0), ids.length - 1)]
    if (next) document.querySelector<HTMLElement>(`[data-run="${next}"]`)?.focus()
  }
  const tick = (reach: boolean) => {
    const id = focused()
    if (id) selection.toggle(id, reach)
  }
  useActions([
    { id: 'runs.down', label: s.down, group: s.group, shortcut: 'j', quiet: true, run: () => go(1) },
    { id: 'runs.up', label: s.up, group: s.group, shortcut: 'k', quiet: true, run: () => go(-1) },
    { id: 'runs.tick', label: s.tick, group: s.group, shortcut: 'x', quiet: true, run: () => tick(false) },
    {
      id: 'runs.all',
      label: s.selectAll,
      group: s.group,
      shortcut: 'mod+a',
      run: () => selection.all(selection.chosen.size === 0),
    },
  ])
}

function exportAddress(filters: RunFilters, format: 'csv' | 'json'): string {
  const query = new URLSearchParams({ format })
  for (const [name, value] of Object.entries(filters)) if (value !== undefined) query.set(name, String(value))
  return `/api/v1/runs/export?${query.toString()}`
}

type Runs = { pages: { items: RunSummary[]; unreadable: UnreadableRun[] }[] }
type More = { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }

function List({ data, query, filtered }: { data: Runs; query: More; filtered: boolean }) {
  const may = useMay('operator')
  const items = data.pages.flatMap((page) => page.items)
  const unreadable = data.pages.flatMap((page) => page.unreadable)
  const ids = items.map((run) => run.id)
  const selection = useSelection(ids)
  useRowKeys(ids, selection)
  const chosen = ids.filter((id) => selection.chosen.has(id))
  // Kept apart from the list: what was done may take the runs out of it.
  const [asked, setAsked] = useState<{ action: BulkAction; runs: string[] } | null>(null)
  const dialog = asked && (
    <BulkDialog
      action={asked.action}
      runs={asked.runs}
      onClose={() => setAsked(null)}
      onDone={() => {
        setAsked(null)
        selection.clear()
      }}
    />
  )
  if (items.length + unreadable.length > 0) {
    return (
      <>
        {dialog}
        <RunTable runs={items} unreadable={unreadable} selection={may ? selection : undefined} />
        <LoadMore query={query} />
        {chosen.length > 0 && (
          <BulkBar
            count={chosen.length}
            onAsk={(action) => setAsked({ action, runs: chosen })}
            onClear={selection.clear}
          />
        )}
      </>
    )
  }
  if (query.hasNextPage)
    return (
      <>
        {dialog}
        <NothingSoFar query={query} words={s.emptySoFar} />
      </>
    )
  if (filtered)
    return (
      <>
        {dialog}
        <Empty icon={<FilterX size={20} />} title={s.emptyFiltered.title}>
          {s.emptyFiltered.text}
        </Empty>
      </>
    )
  return (
    <Empty
      icon={<Activity size={20} />}
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
}

export default function RunsPage() {
  useTitle(s.title)
  const filters: RunFilters = useSearch({ from: '/shell/runs' })
  const navigate = useNavigate({ from: '/runs' })
  const query = useInfiniteQuery(reads.runs(filters))
  const [more, setMore] = useState(false)
  const filtered = Object.values(filters).some((value) => value !== undefined)
  const set = (change: RunFilters) => void navigate({ search: (old) => ({ ...old, ...change }), replace: true })
  const download = (format: 'csv' | 'json') => window.location.assign(exportAddress(filters, format))
  return (
    <>
      <PageHead
        title={s.title}
        below={<StatusFilter value={filters.status} filters={filters} onChange={(status) => set({ status })} />}
        actions={
          <>
            {filtered && (
              <Button
                look="quiet"
                small
                aria-label={s.clear}
                icon={<FilterX size={14} />}
                onClick={() => void navigate({ search: {} })}
              >
                <span className="hidden lg:inline">{s.clear}</span>
              </Button>
            )}
            <SpanFilter filters={filters} set={set} className="hidden !w-36 md:block" />
            <WorkflowFilter
              value={filters.workflow}
              onChange={(workflow) => set({ workflow })}
              className="hidden !w-44 md:block"
            />
            <SearchBox
              label={s.search}
              placeholder={s.searchPlaceholder}
              group={s.group}
              value={filters.text}
              onChange={(text) => set({ text })}
            />
            <IconButton label={s.filters.toggle} aria-expanded={more} onClick={() => setMore(!more)}>
              <SlidersHorizontal size={16} />
            </IconButton>
            <SavedViews filters={filters} filtered={filtered} />
            <Menu
              trigger={
                <IconButton label={s.export}>
                  <Download size={16} />
                </IconButton>
              }
              items={[
                { id: 'csv', label: s.exportCsv, run: () => download('csv') },
                { id: 'json', label: s.exportJson, run: () => download('json') },
              ]}
            />
          </>
        }
      />
      {more && <MoreFilters filters={filters} set={set} />}
      <FilterChips filters={filters} set={set} />
      <QueryState query={query}>
        {(data) => <List key={JSON.stringify(filters)} data={data} query={query} filtered={filtered} />}
      </QueryState>
    </>
  )
}
