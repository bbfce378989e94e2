import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Activity, ChartColumn, Inbox, MessagesSquare, Plug, ScrollText, Settings, Users, Workflow } from 'lucide-react'
import type { ComponentType } from 'react'
import { queries } from '@/api/queries'
import { counted } from '@/model/counted'
import { strings } from './strings'
import { cx } from '@/ui/cx'

type Item = { to: string; label: string; icon: ComponentType<{ size?: number; className?: string }>; keys: string }

/** Conversations that the server counts at most. */
const COUNTED_MAX = 1000

/** The places of the app, in order; also what `g …` goes to. */
export const PLACES: Item[] = [
  { to: '/inbox', label: strings.nav.inbox, icon: Inbox, keys: 'g i' },
  { to: '/dashboard', label: strings.nav.dashboard, icon: ChartColumn, keys: 'g d' },
  { to: '/runs', label: strings.nav.runs, icon: Activity, keys: 'g r' },
  { to: '/workflows', label: strings.nav.workflows, icon: Workflow, keys: 'g w' },
  { to: '/conversations', label: strings.nav.conversations, icon: MessagesSquare, keys: 'g c' },
  { to: '/connectors', label: strings.nav.connectors, icon: Plug, keys: 'g n' },
  { to: '/people', label: strings.nav.people, icon: Users, keys: 'g p' },
  { to: '/audit', label: strings.nav.audit, icon: ScrollText, keys: 'g a' },
  { to: '/settings', label: strings.nav.settings, icon: Settings, keys: 'g s' },
]

/** How much waits for the one who is signed in; empty when nothing does. */
export function useOpenCount(): string {
  const { data } = useQuery(queries.checkpointCounts())
  return data && data.mine > 0 ? counted(data.mine, data.at_most) : ''
}

/** How many conversations are in Unanswered; empty when none is. */
export function useUnansweredCount(): string {
  const { data } = useQuery(queries.conversationCounts())
  return data && data.unanswered > 0 ? counted(data.unanswered, COUNTED_MAX) : ''
}

function Waiting({ open }: { open: string }) {
  if (open === '') return null
  return (
    <span
      className={cx(
        'ml-auto block rounded-full bg-accent px-1.5 text-[11px] leading-[18px]',
        'font-semibold text-accent-text tabular-nums',
      )}
    >
      {open}
    </span>
  )
}

/** On a phone, where the places are in a drawer: how much waits, one press away. */
export function ToDecide() {
  const open = useOpenCount()
  return (
    <Link
      to="/inbox"
      aria-label={strings.nav.toDecide(open)}
      className="relative ml-auto inline-flex size-11 items-center justify-center rounded-md text-muted hover:bg-hover"
    >
      <Inbox size={18} />
      <span className="absolute top-1 right-0.5">
        <Waiting open={open} />
      </span>
    </Link>
  )
}

export function Nav({ onGo }: { onGo?: () => void }) {
  const inbox = useOpenCount()
  const unanswered = useUnansweredCount()
  return (
    <nav aria-label={strings.nav.label} className="flex flex-col gap-0.5 px-2">
      {PLACES.map(({ to, label, icon: Icon }) => (
        <Link
          key={to}
          to={to}
          onClick={onGo}
          className={cx(
            'flex h-8 items-center gap-2.5 rounded-md px-2 text-sm font-medium text-muted hover:bg-hover',
            'hover:text-text',
          )}
          activeProps={{ className: 'bg-hover !text-text', 'aria-current': 'page' }}
        >
          <Icon size={16} className="shrink-0" />
          {label}
          {to === '/inbox' && <Waiting open={inbox} />}
          {to === '/conversations' && <Waiting open={unanswered} />}
        </Link>
      ))}
    </nav>
  )
}
