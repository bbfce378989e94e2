import { Check, Clock } from 'lucide-react'
import type { ApprovalGiven, Checkpoint, Rung } from '@/api/types'
import { Left } from '@/ui/time'
import { TakenBack } from './held'
import { Section } from './section'
import { strings } from './strings'

const s = strings

/** What the policy asks for, in a line each. */
function demands(approvers: NonNullable<Checkpoint['approvers']>): string[] {
  const w = s.who
  const counts = Object.entries(approvers.counts).map(([group, count]) => w.count(count, group))
  return [
    approvers.case ? w.case(approvers.case) : null,
    counts.length > 0 ? w.counts(counts) : null,
    approvers.quorum > 1 ? w.quorum(approvers.quorum) : null,
    approvers.rejections > 1 ? w.rejections(approvers.rejections) : null,
    approvers.veto.length > 0 ? w.veto(approvers.veto) : null,
    approvers.exclude_requester ? w.notContributors : null,
    approvers.exclude_author ? w.notAuthor : null,
    approvers.step_up ? w.stepUp(approvers.step_up.minutes, approvers.step_up.links_only) : null,
  ].filter((line) => line !== null)
}

function Given({ given, no }: { given: readonly ApprovalGiven[]; no?: boolean }) {
  return given.map((one) => (
    <li key={`${one.by.id}-${one.at}`} className="flex gap-1.5 text-sm">
      {no ? (
        <span className="font-medium text-bad">{s.who.no}</span>
      ) : (
        <Check size={14} className="mt-1 shrink-0 text-ok" aria-label={s.who.yes} role="img" />
      )}
      <span className="min-w-0">
        {one.by.name}
        {one.on_behalf_of && <span className="text-muted"> {s.who.behalf(one.on_behalf_of.name)}</span>}
        {one.comment && <span className="block text-muted">“{one.comment}”</span>}
      </span>
    </li>
  ))
}

/** Who may decide: what the policy asks for, who has, who could now, what is missing. */
export function WhoDecides({ checkpoint }: { checkpoint: Checkpoint }) {
  const { approvers, deciders, approvals, rejections } = checkpoint
  if (!approvers) return null
  const named = [...approvers.roles, ...approvers.users]
  const lines = demands(approvers)
  return (
    <Section title={s.whoMay}>
      <p className="text-sm">{named.length > 0 ? named.join(', ') : lines.length > 0 ? null : s.anyone}</p>
      {lines.length > 0 && (
        <ul className="list-disc pl-4 text-sm text-muted">
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      {approvals.length + rejections.length > 0 && (
        <ul aria-label={s.who.given} className="flex flex-col gap-1">
          <Given given={approvals} />
          <Given given={rejections} no />
        </ul>
      )}
      <TakenBack checkpoint={checkpoint} />
      {checkpoint.status === 'open' && !checkpoint.held && (
        <>
          {checkpoint.missing && <p className="text-sm font-medium">{s.who.missing(checkpoint.missing)}</p>}
          <p className="text-sm">
            <span className="text-muted">{s.who.now}</span>{' '}
            {deciders.length === 0 ? (
              <span className="text-bad">{s.who.nobody}</span>
            ) : (
              deciders
                .map(({ person, on_behalf_of }) =>
                  on_behalf_of ? `${person.name} ${s.who.behalf(on_behalf_of.name)}` : person.name,
                )
                .join(', ')
            )}
          </p>
        </>
      )}
    </Section>
  )
}

function RungLine({ rung }: { rung: Rung }) {
  return (
    <li className="flex items-baseline gap-1.5 text-sm">
      {rung.reached ? (
        <Check size={13} className="shrink-0 self-center text-ok" aria-label={s.ladder.done} role="img" />
      ) : (
        <Clock size={13} className="shrink-0 self-center text-faint" aria-hidden />
      )}
      <span className={rung.reached ? 'text-muted' : undefined}>
        {s.ladder.rung(rung.act, rung.after, rung.to)}
        {rung.at != null && !rung.reached && (
          <span className="text-faint">
            {' '}
            · <Left due={rung.at} over={s.overdue} />
          </span>
        )}
      </span>
    </li>
  )
}

/** Until when, what happens until then, and what silence counts as. */
export function TimeLeft({ checkpoint }: { checkpoint: Checkpoint }) {
  return (
    <Section title={s.timeLeft}>
      <p className="text-sm">
        {checkpoint.due_at ? (
          <strong className="text-base">
            <Left due={checkpoint.due_at} over={s.overdue} />
          </strong>
        ) : (
          s.noTimeout
        )}
        {checkpoint.on_timeout && (
          <span className="text-muted">
            {' '}
            {s.timeout[checkpoint.on_timeout] ?? checkpoint.on_timeout}
            {checkpoint.on_timeout_step ? `: “${checkpoint.on_timeout_step.title}”` : ''}
          </span>
        )}
      </p>
      {checkpoint.ladder.length > 0 && (
        <ol aria-label={s.ladder.label} className="flex flex-col gap-1">
          {checkpoint.ladder.map((rung, index) => (
            <RungLine key={index} rung={rung} />
          ))}
        </ol>
      )}
    </Section>
  )
}
