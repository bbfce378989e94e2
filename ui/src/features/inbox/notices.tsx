import { CircleCheck, CircleX, Clock } from 'lucide-react'
import type { Checkpoint, Notice } from '@/api/types'
import { Ago } from '@/ui/time'
import { Section } from './section'
import { strings } from './strings'

const s = strings.notices
const SHOWN = 6

function Line({ notice }: { notice: Notice }) {
  const lost = notice.outcome === 'undeliverable'
  const done = notice.outcome === 'sent' || notice.outcome === 'sent_again'
  return (
    <li className="flex items-start gap-1.5 text-sm">
      <span className="mt-1 shrink-0" aria-hidden>
        {lost ? (
          <CircleX size={13} className="text-bad" />
        ) : done ? (
          <CircleCheck size={13} className="text-ok" />
        ) : (
          <Clock size={13} className="text-faint" />
        )}
      </span>
      <span className="min-w-0 break-words">
        {notice.person?.name ?? notice.address} <span className="text-muted">· {s.over(notice.channel)}</span>
        <span className="block text-xs text-faint">
          {s.reasons[notice.reason] ?? notice.reason} ·{' '}
          <span className={lost ? 'font-medium text-bad' : undefined}>
            {s.outcomes[notice.outcome ?? 'waiting'] ?? notice.outcome}
          </span>
          {notice.done_at != null && (
            <>
              {' '}
              <Ago at={notice.done_at} />
            </>
          )}
        </span>
        {notice.error && <span className="block text-xs text-bad">{notice.error}</span>}
      </span>
    </li>
  )
}

/** Whom word of this reached, over what and when; what could not be delivered stands first. */
export function Notices({ checkpoint }: { checkpoint: Checkpoint }) {
  const lost = (notice: Notice) => (notice.outcome === 'undeliverable' ? 0 : 1)
  const told = checkpoint.notices
    .filter((notice) => notice.reason !== 'decided')
    .toSorted((a, b) => lost(a) - lost(b) || b.at - a.at)
  return (
    <Section title={s.title}>
      {told.length === 0 && <p className="text-sm text-faint">{s.nobody}</p>}
      <ul aria-label={s.title} className="flex flex-col gap-1.5">
        {told.slice(0, SHOWN).map((notice, index) => (
          <Line key={index} notice={notice} />
        ))}
      </ul>
      {told.length > SHOWN && (
        <details className="text-sm">
          <summary className="cursor-pointer text-muted">{s.more(told.length - SHOWN)}</summary>
          <ul className="mt-1.5 flex flex-col gap-1.5">
            {told.slice(SHOWN).map((notice, index) => (
              <Line key={index} notice={notice} />
            ))}
          </ul>
        </details>
      )}
    </Section>
  )
}
