import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { AlarmClock, MessagesSquare, Users } from 'lucide-react'
import { queries } from '@/api/queries'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useUnansweredCount } from '@/app/nav'
import { useMe } from '@/app/session'
import { Status } from '@/components/status'
import { buttonClass } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Empty } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { Ago } from '@/ui/time'
import { reads } from './api'
import { CannedReplies } from './replies'
import { Aside } from './snooze'
import { strings as s } from './strings'

const TH = 'px-2 py-2 font-medium first:px-4'

function Unanswered({ at }: { at: number }) {
  return (
    <span className="text-warn">
      {s.unanswered.since} <Ago at={at} /> ·
    </span>
  )
}

function Conversations({ customer, unanswered, aside }: { customer?: string; unanswered?: true; aside?: true }) {
  const me = useMe()
  const query = useQuery(
    reads.conversations({ customer, unanswered, snoozed: aside ? 'true' : customer ? 'any' : undefined }),
  )
  return (
    <QueryState query={query}>
      {({ items }) =>
        items.length === 0 && unanswered ? (
          <Empty icon={<MessagesSquare size={20} />} title={s.unanswered.empty.title}>
            {s.unanswered.empty.text}
          </Empty>
        ) : items.length === 0 && aside ? (
          <Empty icon={<AlarmClock size={20} />} title={s.snooze.empty.title}>
            {s.snooze.empty.text}
          </Empty>
        ) : items.length === 0 ? (
          <Empty
            icon={<MessagesSquare size={20} />}
            title={s.empty.title}
            action={
              <a href={`/c/${me.workspace.slug}`} target="_blank" rel="noreferrer" className={buttonClass('primary')}>
                {s.empty.action}
              </a>
            }
          >
            {s.empty.text}
          </Empty>
        ) : (
          <table aria-label={s.title} className="w-full table-fixed text-sm">
            <thead className="hidden text-left text-xs text-faint md:table-header-group">
              <tr className="border-b border-line">
                <th scope="col" className={`${TH} w-48`}>
                  {s.columns.customer}
                </th>
                <th scope="col" className={TH}>
                  {s.columns.last}
                </th>
                <th scope="col" className={`${TH} w-28`}>
                  {s.columns.channel}
                </th>
                <th scope="col" className={`${TH} w-32`}>
                  {s.columns.status}
                </th>
                <th scope="col" className={`${TH} w-28`}>
                  {s.columns.updated}
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((item) => (
                <tr
                  key={item.id}
                  className={cx(
                    'relative grid grid-cols-[1fr_auto] gap-x-3 border-b border-line px-4 py-2.5 hover:bg-hover',
                    'md:table-row md:h-10 md:p-0',
                  )}
                >
                  <td className="truncate md:px-4">
                    <Link
                      to="/conversations/$conversation"
                      params={{ conversation: item.id }}
                      className="font-medium after:absolute after:inset-0"
                    >
                      {item.customer?.name || s.anonymous}
                    </Link>
                  </td>
                  <td className="order-3 truncate text-muted md:px-2">
                    {item.unanswered_since != null && <Unanswered at={item.unanswered_since} />}{' '}
                    <Aside snoozed={item.snoozed} /> {item.last_message}
                  </td>
                  <td className="order-4 font-mono text-xs text-faint md:px-2">{item.channel}</td>
                  <td className="hidden truncate md:table-cell md:px-2">
                    <Status
                      status={item.status}
                      label={item.assigned_to ? s.assigned(item.assigned_to.name) : undefined}
                    />
                  </td>
                  <td className="text-faint md:px-2">
                    <Ago at={item.updated_at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )
      }
    </QueryState>
  )
}

function Customers() {
  const query = useQuery(queries.customers())
  return (
    <QueryState query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty icon={<Users size={20} />} title={s.noCustomers.title}>
            {s.noCustomers.text}
          </Empty>
        ) : (
          <table aria-label={s.views.customers} className="w-full table-fixed text-sm">
            <thead className="text-left text-xs text-faint">
              <tr className="border-b border-line">
                <th scope="col" className={TH}>
                  {s.columns.name}
                </th>
                <th scope="col" className={TH}>
                  {s.columns.contact}
                </th>
                <th scope="col" className={`${TH} w-32`}>
                  {s.columns.since}
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((customer) => (
                <tr key={customer.id} className="relative h-10 border-b border-line hover:bg-hover">
                  <td className="truncate px-4">
                    <Link
                      to="/conversations"
                      search={{ customer: customer.id }}
                      className="font-medium after:absolute after:inset-0"
                    >
                      {customer.name || s.anonymous}
                    </Link>
                  </td>
                  <td className="truncate px-2 text-muted">
                    {[customer.email, customer.phone].filter(Boolean).join(' · ')}
                  </td>
                  <td className="px-2 text-faint">
                    <Ago at={customer.created_at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )
      }
    </QueryState>
  )
}

export default function ConversationsPage() {
  useTitle(s.title)
  const { view = 'conversations', customer } = useSearch({ from: '/shell/conversations' })
  const navigate = useNavigate({ from: '/conversations' })
  const waiting = useUnansweredCount()
  return (
    <>
      <PageHead
        title={s.title}
        below={
          <Tabs
            label={s.viewsLabel}
            value={view}
            onChange={(next) => void navigate({ search: { view: next === 'conversations' ? undefined : next } })}
            tabs={[
              { id: 'conversations', label: s.views.conversations },
              { id: 'unanswered', label: s.views.unanswered, count: waiting || null },
              { id: 'snoozed', label: s.views.snoozed },
              { id: 'customers', label: s.views.customers },
              { id: 'replies', label: s.views.replies },
            ]}
          />
        }
      />
      {view === 'customers' ? (
        <Customers />
      ) : view === 'replies' ? (
        <CannedReplies />
      ) : (
        <Conversations
          customer={customer}
          unanswered={view === 'unanswered' || undefined}
          aside={view === 'snoozed' || undefined}
        />
      )}
    </>
  )
}
