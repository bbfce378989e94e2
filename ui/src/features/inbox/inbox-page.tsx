import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { FilterX, Inbox as InboxIcon } from 'lucide-react'
import { useMemo, useState } from 'react'
import { queries } from '@/api/queries'
import type { CheckpointSummary } from '@/api/types'
import { useActions } from '@/app/actions'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import type { InboxSearch } from '@/app/router'
import { LoadMore } from '@/components/load-more'
import { NothingSoFar } from '@/components/nothing-so-far'
import { counted } from '@/model/counted'
import { cx } from '@/ui/cx'
import { Empty } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { useMedia } from '@/ui/use-media'
import { reads } from './api'
import { BatchBar } from './batch-bar'
import { BatchPane } from './batch-pane'
import { OpenedByPerson } from './by-key'
import { CheckpointPane } from './checkpoint-pane'
import { Filters } from './filters'
import { LIST_ID } from './focus'
import { InboxList } from './inbox-list'
import { strings as s } from './strings'
import { useBatch, type Batch } from './use-batch'

type TabId = keyof typeof s.tabs
const TABS = Object.keys(s.tabs) as TabId[]

/** The due ones first, then the oldest: what burns is on top. */
function byUrgency(a: CheckpointSummary, b: CheckpointSummary): number {
  return (a.due_at ?? Infinity) - (b.due_at ?? Infinity) || a.opened_at - b.opened_at
}

function useItems({ tab, kind, workflow, q }: InboxSearch) {
  const whose =
    tab === 'decided'
      ? ({ scope: 'all', status: 'decided' } as const)
      : ({ scope: tab ?? 'mine', status: 'open' } as const)
  const query = useInfiniteQuery(reads.checkpoints({ ...whose, kind, workflow, q }))
  const items = useMemo(() => {
    const found = query.data?.pages.flatMap((page) => page.items) ?? []
    return tab === 'decided' ? found : found.toSorted(byUrgency)
  }, [query.data, tab])
  return { query, items }
}

/** Why the list is empty: nothing is there, nothing fits, or nothing was found so far. */
function Nothing({
  tab,
  narrowed,
  query,
}: {
  tab: TabId
  narrowed: boolean
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }
}) {
  if (query.hasNextPage) return <NothingSoFar query={query} words={s.emptySoFar} />
  if (narrowed)
    return (
      <Empty icon={<FilterX size={20} />} title={s.emptyFiltered.title}>
        {tab === 'all' ? s.emptyFiltered.textOfAll : s.emptyFiltered.text}
      </Empty>
    )
  return (
    <Empty icon={<InboxIcon size={20} />} title={s.empty[tab].title}>
      {s.empty[tab].text}
    </Empty>
  )
}

/** Mine, my groups, all, decided, with how many there are. */
function Whose({ tab, onChange }: { tab: TabId; onChange: (tab: TabId) => void }) {
  const { data: counts } = useQuery(queries.checkpointCounts())
  const tabs = TABS.map((id) => ({
    id,
    label: s.tabs[id],
    count: counts && counts[id] > 0 ? counted(counts[id], counts.at_most) : null,
  }))
  return (
    <div className="-mx-1">
      <Tabs label={s.tabsLabel} tabs={tabs} value={tab} onChange={onChange} />
    </div>
  )
}

/** j and k go from item to item, x ticks it, Ctrl+A all like it. */
function useListKeys(
  items: readonly CheckpointSummary[],
  chosen: string | undefined,
  { go, batch }: { go: (id: string) => void; batch: Batch },
) {
  const here = items.find((item) => item.id === chosen)
  const step = (by: number) => {
    const at = items.findIndex((item) => item.id === chosen)
    const next = items[at < 0 ? 0 : Math.min(items.length - 1, Math.max(0, at + by))]
    if (next) go(next.id)
  }
  useActions([
    { id: 'inbox.next', label: s.moved.next, group: s.group, shortcut: 'j', quiet: true, run: () => step(1) },
    { id: 'inbox.previous', label: s.moved.previous, group: s.group, shortcut: 'k', quiet: true, run: () => step(-1) },
    { id: 'inbox.tick', label: s.batch.tickKey, group: s.group, shortcut: 'x', run: () => here && batch.toggle(here) },
    {
      id: 'inbox.alike',
      label: s.batch.tickAlike,
      group: s.group,
      shortcut: 'mod+a',
      run: () => batch.all(items, batch.chosen[0] ?? here),
    },
  ])
}

/**
 * What is open beside the list when nobody chose: the item on top as it was when the list came, so that none is put
 * in its place under the hands of who decides.
 */
function useFirst(items: readonly CheckpointSummary[], search: InboxSearch, chosen: string | undefined) {
  const beside = useMedia('(min-width: 64rem)')
  const of = JSON.stringify(search)
  const [first, setFirst] = useState<{ of: string; id: string }>()
  const wanted = beside && chosen === undefined
  if (wanted && first?.of !== of && items[0]) setFirst({ of, id: items[0].id })
  return wanted && first?.of === of ? first.id : undefined
}

/** The left column. */
function Listed({
  tab,
  narrowed,
  listed,
  chosen,
  search,
  batch,
}: {
  tab: TabId
  narrowed: boolean
  listed: ReturnType<typeof useItems>
  chosen: string | undefined
  search: InboxSearch
  batch: Batch
}) {
  const { query, items } = listed
  return (
    <QueryState query={query}>
      {() =>
        items.length === 0 ? (
          <Nothing tab={tab} narrowed={narrowed} query={query} />
        ) : (
          <>
            <InboxList items={items} chosen={chosen} search={search} batch={batch} />
            <LoadMore query={query} />
            {batch.chosen.length > 0 && <BatchBar batch={batch} items={items} />}
          </>
        )
      }
    </QueryState>
  )
}

/** The list beside the item that is open. */
function Room({ batch }: { batch: Batch }) {
  const navigate = useNavigate()
  const search = useSearch({ from: '/shell/inbox' })
  const { checkpoint: chosen } = useParams({ strict: false })
  const tab: TabId = search.tab ?? 'mine'
  const listed = useItems(search)
  const first = useFirst(listed.items, search, chosen)
  const open = chosen ?? first
  useListKeys(listed.items, chosen, {
    batch,
    go: (id) => void navigate({ to: '/inbox/$checkpoint', params: { checkpoint: id }, search }),
  })
  const set = (change: InboxSearch, how?: { replace: boolean }) => {
    batch.clear()
    void navigate({ to: '/inbox', search: { ...search, ...change }, ...how })
  }
  const narrowed = search.kind !== undefined || search.workflow !== undefined || search.q !== undefined
  return (
    <>
      <div className={cx(chosen && 'hidden lg:block')}>
        <PageHead
          title={s.title}
          actions={<Filters search={search} set={set} />}
          below={<Whose tab={tab} onChange={(next) => set({ tab: next === 'mine' ? undefined : next })} />}
        />
      </div>
      <div className="flex min-h-0 flex-1">
        <section
          id={LIST_ID}
          aria-label={s.items}
          tabIndex={-1}
          className={cx(
            'w-full shrink-0 border-line lg:w-88 lg:overflow-y-auto lg:border-r',
            chosen && 'hidden lg:block',
          )}
        >
          <Listed tab={tab} narrowed={narrowed} listed={listed} chosen={open} search={search} batch={batch} />
        </section>
        <div className={cx('min-w-0 flex-1 lg:overflow-y-auto', !chosen && 'hidden lg:block')}>
          {open && (
            <OpenedByPerson value={chosen !== undefined}>
              <CheckpointPane key={open} id={open} />
            </OpenedByPerson>
          )}
        </div>
      </div>
    </>
  )
}

export default function InboxPage() {
  useTitle(s.title)
  const batch = useBatch()
  return batch.open ? <BatchPane batch={batch} /> : <Room batch={batch} />
}
