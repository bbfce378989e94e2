import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { Inbox as InboxIcon, MousePointerClick } from 'lucide-react'
import { useMemo } from 'react'
import { queries } from '@/api/queries'
import type { CheckpointSummary } from '@/api/types'
import { useActions } from '@/app/actions'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { LoadMore } from '@/components/load-more'
import { cx } from '@/ui/cx'
import { Empty } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { reads } from './api'
import { CheckpointPane } from './checkpoint-pane'
import { InboxList } from './inbox-list'
import { strings as s } from './strings'

const KIND = { approvals: 'approval', handoffs: 'handoff', unknown: 'unknown_outcome' } as const
type TabId = keyof typeof s.tabs

/** The due ones first, then the oldest: what burns is on top. */
function byUrgency(a: CheckpointSummary, b: CheckpointSummary): number {
  return (a.due_at ?? Infinity) - (b.due_at ?? Infinity) || a.opened_at - b.opened_at
}

export default function InboxPage() {
  useTitle(s.title)
  const navigate = useNavigate()
  const search = useSearch({ from: '/shell/inbox' })
  const { checkpoint: chosen } = useParams({ strict: false })
  const tab: TabId = search.tab ?? 'approvals'
  const query = useInfiniteQuery(
    reads.checkpoints(tab === 'decided' ? { status: 'decided' } : { status: 'open', kind: KIND[tab] }),
  )

  const items = useMemo(() => {
    const found = query.data?.pages.flatMap((page) => page.items) ?? []
    return tab === 'decided' ? found.filter((item) => item.kind !== 'form') : found.toSorted(byUrgency)
  }, [query.data, tab])

  const go = (id: string | undefined) =>
    void (id
      ? navigate({ to: '/inbox/$checkpoint', params: { checkpoint: id }, search: { tab: search.tab } })
      : navigate({ to: '/inbox', search: { tab: search.tab } }))
  const step = (by: number) => {
    const at = items.findIndex((item) => item.id === chosen)
    const next = items[at < 0 ? 0 : Math.min(items.length - 1, Math.max(0, at + by))]
    if (next) go(next.id)
  }
  useActions([
    { id: 'inbox.next', label: s.moved.next, group: s.group, shortcut: 'j', quiet: true, run: () => step(1) },
    { id: 'inbox.previous', label: s.moved.previous, group: s.group, shortcut: 'k', quiet: true, run: () => step(-1) },
  ])

  const { data: counts } = useQuery(queries.checkpointCounts())
  const tabs = (Object.keys(s.tabs) as TabId[]).map((id) => ({
    id,
    label: s.tabs[id],
    count: id === 'decided' ? null : (counts?.[KIND[id]] ?? null),
  }))
  return (
    <>
      <div className={cx(chosen && 'hidden lg:block')}>
        <PageHead
          title={s.title}
          below={
            <div className="-mx-1 overflow-x-auto">
              <Tabs
                label={s.tabsLabel}
                tabs={tabs}
                value={tab}
                onChange={(next) =>
                  void navigate({ to: '/inbox', search: { tab: next === 'approvals' ? undefined : next } })
                }
              />
            </div>
          }
        />
      </div>
      <div className="flex min-h-0 flex-1">
        <div
          className={cx(
            'w-full shrink-0 border-line lg:w-88 lg:overflow-y-auto lg:border-r',
            chosen && 'hidden lg:block',
          )}
        >
          <QueryState query={query}>
            {() =>
              items.length === 0 ? (
                <Empty icon={<InboxIcon size={20} />} title={s.empty[tab].title}>
                  {s.empty[tab].text}
                </Empty>
              ) : (
                <>
                  <InboxList items={items} chosen={chosen} tab={search.tab} />
                  <LoadMore query={query} />
                </>
              )
            }
          </QueryState>
        </div>
        <div className={cx('min-w-0 flex-1 lg:overflow-y-auto', !chosen && 'hidden lg:block')}>
          {chosen ? (
            <CheckpointPane key={chosen} id={chosen} />
          ) : items.length > 0 ? (
            <Empty icon={<MousePointerClick size={20} />} title={s.pick.title}>
              {s.pick.text}
            </Empty>
          ) : null}
        </div>
      </div>
    </>
  )
}
