import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowUpRight } from 'lucide-react'
import { problemText } from '@/api/client'
import { Status } from '@/components/status'
import { Ago } from '@/ui/time'
import { reads } from './api'
import { Section } from './section'
import { strings } from './strings'

const s = strings.runs

/** What else was run for the customer, newest first: a second refund in a week is seen before it is decided. */
export function EarlierRuns({ customer, run }: { customer: string; run: string }) {
  const query = useQuery(reads.runsOf(customer))
  const others = query.data?.items.filter((other) => other.id !== run).slice(0, 5)
  return (
    <Section title={s.title}>
      {query.isPending && <p className="text-sm text-faint">{s.loading}</p>}
      {query.error && !query.data && <p className="text-sm text-bad">{problemText(query.error)}</p>}
      {others?.length === 0 && <p className="text-sm text-faint">{s.none}</p>}
      <ul aria-label={s.title} className="flex flex-col gap-2">
        {others?.map((other) => (
          <li key={other.id} className="text-sm">
            <Link to="/runs/$run" params={{ run: other.id }} className="break-words hover:underline">
              {other.title || other.workflow.name}
            </Link>
            <span className="flex items-center gap-2 text-xs text-faint">
              <Status status={other.status} className="!text-xs" />
              <span className="truncate">{other.workflow.name}</span>
              <Ago at={other.started_at} className="shrink-0" />
            </span>
          </li>
        ))}
      </ul>
      {query.data?.next && (
        <Link
          to="/runs"
          search={{ customer }}
          className="inline-flex items-center gap-1 self-start text-sm text-muted hover:underline"
        >
          {s.all} <ArrowUpRight size={13} aria-hidden />
        </Link>
      )}
    </Section>
  )
}
