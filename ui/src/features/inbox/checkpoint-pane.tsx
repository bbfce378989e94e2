import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { ArrowLeft, ArrowUpRight } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { Checkpoint } from '@/api/types'
import { QueryState } from '@/app/query-state'
import { Status } from '@/components/status'
import { KindTag, StepCards } from '@/components/step-cards'
import { strings as shared } from '@/components/strings'
import { CustomerCard, Transcript } from '@/components/transcript'
import { cx } from '@/ui/cx'
import { JsonView } from '@/ui/json-view'
import { Skeleton } from '@/ui/states'
import { Ago, At } from '@/ui/time'
import { reads } from './api'
import { ApprovalDecision } from './approval-decision'
import { TimeLeft, WhoDecides } from './approval-terms'
import { Assignment } from './assignment'
import { Consequences, Facts } from './consequences'
import { EarlierRuns } from './earlier-runs'
import { HandoffDecision } from './handoff'
import { Held } from './held'
import { Notices } from './notices'
import { Section } from './section'
import { strings as s } from './strings'
import { UnknownDecision } from './unknown-outcome'

const TAG: Record<string, string> = { handoff: 'human_handoff', form: 'collect_form' }

function Head({ checkpoint }: { checkpoint: Checkpoint }) {
  const search = useSearch({ from: '/shell/inbox' })
  return (
    <header className="flex flex-col gap-1">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted">
        <Link to="/inbox" search={search} className="inline-flex items-center gap-1 lg:hidden">
          <ArrowLeft size={14} /> {s.back}
        </Link>
        <KindTag kind={TAG[checkpoint.kind] ?? checkpoint.kind} />
        <Link
          to="/runs/$run"
          params={{ run: checkpoint.run.id }}
          className="inline-flex items-center gap-1 hover:text-text hover:underline"
        >
          {checkpoint.run.name}{' '}
          <span className="shrink-0 font-mono text-xs whitespace-nowrap">v{checkpoint.run.version}</span>{' '}
          <ArrowUpRight size={13} aria-hidden />
        </Link>
        <span className="text-faint">
          {s.opened} <Ago at={checkpoint.opened_at} />
        </span>
      </div>
      <h1 className="text-2xl font-semibold tracking-tight text-balance break-words">
        {checkpoint.summary || checkpoint.title}
      </h1>
      {checkpoint.summary && <p className="text-sm text-muted">{checkpoint.title}</p>}
    </header>
  )
}

function Verdict({ checkpoint }: { checkpoint: Checkpoint }) {
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 rounded-lg border border-line bg-sunken px-4 py-3">
      <Status status={checkpoint.outcome ?? 'decided'} />
      <span className="text-sm">
        {checkpoint.decided_by ? shared.steps.by(checkpoint.decided_by.name, checkpoint.decided_by.via) : null}
        {checkpoint.decided_by?.on_behalf_of && ` ${s.who.behalf(checkpoint.decided_by.on_behalf_of.name)}`}
      </span>
      {checkpoint.decided_at && (
        <span className="text-sm text-faint">
          <At at={checkpoint.decided_at} />
        </span>
      )}
      {checkpoint.comment && <p className="basis-full text-sm text-muted">“{checkpoint.comment}”</p>}
    </div>
  )
}

function Act({ checkpoint }: { checkpoint: Checkpoint }) {
  if (checkpoint.status === 'decided') return <Verdict checkpoint={checkpoint} />
  switch (checkpoint.kind) {
    case 'approval':
      if (checkpoint.held) return <Held checkpoint={checkpoint} held={checkpoint.held} />
      return <ApprovalDecision checkpoint={checkpoint} />
    case 'handoff':
      return <HandoffDecision checkpoint={checkpoint} />
    case 'unknown_outcome':
      return <UnknownDecision checkpoint={checkpoint} />
    case 'form':
      return null
  }
}

/** What was said, open at the newest message: the form of this run is the last of it. */
function Conversation({ conversation }: { conversation: NonNullable<Checkpoint['conversation']> }) {
  const box = useRef<HTMLDivElement>(null)
  const newest = conversation.messages.at(-1)?.id
  useEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight
  }, [newest])
  return (
    <Section title={s.conversation}>
      <div
        ref={box}
        className="max-h-96 overflow-y-auto rounded-lg border border-line p-4"
        tabIndex={0}
        role="region"
        aria-label={s.conversation}
      >
        <Transcript messages={conversation.messages} />
      </div>
      <Link
        to="/conversations/$conversation"
        params={{ conversation: conversation.id }}
        className="inline-flex items-center gap-1 self-start text-sm text-muted hover:underline"
      >
        {s.whole} <ArrowUpRight size={13} aria-hidden />
      </Link>
    </Section>
  )
}

function Detail({ checkpoint }: { checkpoint: Checkpoint }) {
  return (
    <article
      className={cx(
        'mx-auto flex max-w-6xl flex-col gap-5 px-4 py-5 lg:px-6',
        // Room for the buttons that a phone keeps at its lower edge.
        checkpoint.kind === 'approval' && checkpoint.status === 'open' && 'max-md:pb-48',
      )}
    >
      <Head checkpoint={checkpoint} />
      <Facts facts={checkpoint.facts} />
      <Act checkpoint={checkpoint} />
      <div className="grid gap-6 xl:grid-cols-[minmax(0,1fr)_19rem]">
        <div className="flex min-w-0 flex-col gap-6">
          {checkpoint.kind === 'approval' && <Consequences checkpoint={checkpoint} />}
          {checkpoint.conversation && checkpoint.kind !== 'handoff' && (
            <Conversation conversation={checkpoint.conversation} />
          )}
          <Section title={s.path}>
            <StepCards steps={checkpoint.path} />
          </Section>
        </div>
        <div className="flex min-w-0 flex-col gap-6">
          {checkpoint.status === 'open' && <TimeLeft checkpoint={checkpoint} />}
          <WhoDecides checkpoint={checkpoint} />
          {checkpoint.kind === 'approval' && checkpoint.status === 'open' && <Assignment checkpoint={checkpoint} />}
          {checkpoint.kind !== 'form' && <Notices checkpoint={checkpoint} />}
          <Section title={s.customer}>
            <CustomerCard customer={checkpoint.customer} />
          </Section>
          <Section title={s.earlier}>
            {checkpoint.earlier.length === 0 && <p className="text-sm text-faint">{s.noEarlier}</p>}
            <ul className="flex flex-col gap-2">
              {checkpoint.earlier.map((past) => (
                <li key={past.checkpoint} className="text-sm">
                  <Link
                    to="/inbox/$checkpoint"
                    params={{ checkpoint: past.checkpoint }}
                    search={{ tab: 'decided' }}
                    className="hover:underline"
                  >
                    {past.summary}
                  </Link>
                  <span className="flex gap-2 text-xs">
                    <Status status={past.outcome} className="!text-xs" />{' '}
                    <Ago at={past.decided_at} className="text-faint" />
                  </span>
                </li>
              ))}
            </ul>
          </Section>
          {checkpoint.customer && <EarlierRuns customer={checkpoint.customer.id} run={checkpoint.run.id} />}
          <Section title={s.state}>
            <JsonView value={checkpoint.state} label={s.state} />
          </Section>
        </div>
      </div>
    </article>
  )
}

/** Everything a person needs to decide one checkpoint. */
export function CheckpointPane({ id }: { id: string }) {
  const query = useQuery(reads.checkpoint(id))
  const skeleton = (
    <div className="flex flex-col gap-4 p-6" role="status" aria-label={s.title}>
      <Skeleton className="w-48" />
      <Skeleton className="h-6 w-96 max-w-full" />
      <Skeleton className="h-24" />
      <Skeleton className="h-40" />
    </div>
  )
  return (
    <QueryState query={query} skeleton={skeleton}>
      {(checkpoint) => <Detail checkpoint={checkpoint} />}
    </QueryState>
  )
}
