import { Check, MessageSquareReply, X } from 'lucide-react'
import { useRef, useState } from 'react'
import type { BranchPreview, Checkpoint, GuardedRequest } from '@/api/types'
import { useActions, type Action } from '@/app/actions'
import { jsonEqual } from '@/model/json'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Textarea } from '@/ui/field'
import { JsonView } from '@/ui/json-view'
import { Note } from '@/ui/states'
import { Left } from '@/ui/time'
import { Section } from './checkpoint-pane'
import { strings as s } from './strings'
import { alreadyText, useDecision } from './use-decision'

const LOOK = { approved: 'primary', rejected: 'danger', changes: 'plain' } as const
const ICON = { approved: <Check size={15} />, rejected: <X size={15} />, changes: <MessageSquareReply size={15} /> }
const LABEL = { approved: s.approve, rejected: s.reject, changes: s.changes }
const KEY = { approved: 'a', rejected: 'r', changes: 'c' }
type Outcome = keyof typeof LABEL

/** The buttons and the comment box. One click decides; the comment goes along when there is one. */
export function ApprovalDecision({ checkpoint }: { checkpoint: Checkpoint }) {
  const [comment, setComment] = useState('')
  const box = useRef<HTMLTextAreaElement>(null)
  const decision = useDecision(checkpoint)
  const decide = (outcome: Outcome) => decision.mutate({ outcome, comment: comment.trim() || undefined })
  const offered = (['approved', 'rejected', 'changes'] as const).filter((outcome) =>
    checkpoint.outcomes.includes(outcome),
  )
  const actions: Action[] = offered.map((outcome) => ({
    id: `approval.${outcome}`,
    label: LABEL[outcome],
    group: s.group,
    shortcut: KEY[outcome],
    enabled: checkpoint.may_decide && !decision.isPending,
    run: () => decide(outcome),
  }))
  useActions([
    ...actions,
    {
      id: 'approval.comment',
      label: s.moved.open,
      group: s.group,
      shortcut: 'm',
      quiet: true,
      run: () => box.current?.focus(),
    },
  ])
  const lost = alreadyText(decision.error)
  return (
    <div
      className={cx(
        'z-10 flex flex-col gap-3 border-line-strong bg-raised p-3 shadow-sm',
        'max-md:fixed max-md:inset-x-0 max-md:bottom-0 max-md:border-t',
        'md:sticky md:top-0 md:rounded-lg md:border',
      )}
    >
      {lost && <Note tone="warn">{lost}</Note>}
      {!checkpoint.may_decide && (
        <Note tone="muted">
          {s.mayNot}
          {checkpoint.why_not ? `: ${checkpoint.why_not}` : '.'}
        </Note>
      )}
      <div className="flex flex-col gap-2 sm:flex-row sm:items-start">
        <Textarea
          ref={box}
          rows={1}
          aria-label={s.comment}
          placeholder={s.commentPlaceholder}
          value={comment}
          disabled={!checkpoint.may_decide}
          onChange={(event) => setComment(event.target.value)}
          className="min-h-8 sm:flex-1"
        />
        <div
          className={cx(
            'flex flex-wrap gap-2 [&>button]:flex-1 sm:[&>button]:flex-none',
            'max-md:[&_kbd]:hidden max-md:[&>button]:min-h-11',
          )}
        >
          {offered.map((outcome) => (
            <Button
              key={outcome}
              look={LOOK[outcome]}
              icon={ICON[outcome]}
              shortcut={KEY[outcome]}
              disabled={!checkpoint.may_decide}
              busy={decision.isPending && decision.variables?.outcome === outcome}
              onClick={() => decide(outcome)}
            >
              {LABEL[outcome]}
            </Button>
          ))}
        </div>
      </div>
    </div>
  )
}

function RequestCard({ guarded }: { guarded: GuardedRequest }) {
  const request = guarded.request
  const headers = Object.entries(request?.headers ?? {})
  return (
    <li className="overflow-hidden rounded-lg border border-line">
      <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1 border-b border-line bg-sunken px-3 py-2">
        <span className="font-medium">{guarded.title}</span>
        <span className="font-mono text-xs text-faint">{guarded.action}</span>
        <span
          className={cx(
            'ml-auto rounded-full px-2 py-0.5 text-xs font-medium',
            guarded.risk === 'high' ? 'bg-bad-soft text-bad' : 'bg-hover text-muted',
          )}
        >
          {s.risk[guarded.risk] ?? guarded.risk}
        </span>
      </div>
      <div className="flex flex-col gap-2 p-3">
        {request && (
          <p className="font-mono text-xs break-all">
            <span className="mr-2 rounded bg-accent-soft px-1.5 py-0.5 font-semibold text-accent">
              {request.method}
            </span>
            {request.url}
          </p>
        )}
        {headers.length > 0 && (
          <details className="text-xs">
            <summary className="cursor-pointer text-faint">{s.headers}</summary>
            <dl className="mt-1 font-mono">
              {headers.map(([name, value]) => (
                <div key={name} className="break-all">
                  <dt className="inline text-faint">{name}: </dt>
                  <dd className="inline">{String(value)}</dd>
                </div>
              ))}
            </dl>
          </details>
        )}
        {guarded.error && <Note tone="bad">{guarded.error}</Note>}
        {request?.body != null ? (
          <JsonView value={request.body} label={s.body} />
        ) : guarded.input != null ? (
          <JsonView value={guarded.input} label={s.input} />
        ) : null}
      </div>
    </li>
  )
}

function Branch({ branch }: { branch: BranchPreview | null | undefined }) {
  if (!branch) return null
  return (
    <div className="flex flex-col gap-2 text-sm">
      <ol className="flex flex-col gap-1">
        {branch.steps.map((step) => (
          <li key={step.step} className="flex flex-wrap items-baseline gap-x-2">
            <span className="w-28 font-mono text-[11px] text-faint">{step.kind}</span>
            <span>{step.title}</span>
            {step.action && <span className="font-mono text-xs text-faint">{step.action}</span>}
            {step.channels.length > 0 && <span className="text-xs text-faint">{step.channels.join(', ')}</span>}
          </li>
        ))}
      </ol>
      {branch.steps.length === 0 && <p className="text-muted">{s.thenStep(branch.title || branch.step)}</p>}
      {branch.messages.length > 0 && (
        <div>
          <p className="text-xs text-faint">{s.says}</p>
          {branch.messages.map((message, index) => (
            <blockquote key={index} className="mt-1 border-l-2 border-line-strong pl-3 whitespace-pre-wrap">
              {message}
            </blockquote>
          ))}
        </div>
      )}
    </div>
  )
}

/** What each answer leads to, before anybody gives it. */
export function Consequences({ checkpoint }: { checkpoint: Checkpoint }) {
  return (
    <>
      {checkpoint.difference?.account_changed && <Note tone="warn">{s.accountChanged}</Note>}
      {checkpoint.difference &&
        !checkpoint.difference.account_changed &&
        jsonEqual(checkpoint.difference.approved, checkpoint.difference.now) && <Note tone="muted">{s.same}</Note>}
      {checkpoint.difference && !jsonEqual(checkpoint.difference.approved, checkpoint.difference.now) && (
        <Section title={s.void}>
          <div className="grid gap-2 lg:grid-cols-2">
            <div>
              <p className="text-xs text-faint">{s.approvedThen}</p>
              <JsonView value={checkpoint.difference.approved} label={s.approvedThen} />
            </div>
            <div>
              <p className="text-xs text-faint">{s.now}</p>
              <JsonView value={checkpoint.difference.now} label={s.now} />
            </div>
          </div>
        </Section>
      )}
      <Section title={s.onApprove}>
        {checkpoint.requests.length === 0 && <p className="text-sm text-faint">{s.noRequests}</p>}
        <ul className="flex flex-col gap-2">
          {checkpoint.requests.map((guarded) => (
            <RequestCard key={guarded.step} guarded={guarded} />
          ))}
        </ul>
        <Branch branch={checkpoint.on_approve} />
      </Section>
      <Section title={s.onReject}>
        <Branch branch={checkpoint.on_reject} />
      </Section>
      {checkpoint.on_changes && (
        <Section title={s.onChanges}>
          <Branch branch={checkpoint.on_changes} />
        </Section>
      )}
    </>
  )
}

/** Who may decide and until when. */
export function ApprovalTerms({ checkpoint }: { checkpoint: Checkpoint }) {
  const approvers = checkpoint.approvers
  const who = [...(approvers?.roles ?? []), ...(approvers?.users ?? [])]
  return (
    <>
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
      </Section>
      <Section title={s.whoMay}>
        <p className="text-sm">
          {who.length > 0 ? who.join(', ') : s.anyone}
          {approvers?.exclude_requester ? ` (${s.notRequester})` : ''}
        </p>
        {approvers && approvers.quorum > 1 && (
          <p className="text-sm text-muted">
            {s.quorum(checkpoint.approvals.length, approvers.quorum)}
            {checkpoint.approvals.length > 0 ? `: ${checkpoint.approvals.map((one) => one.by.name).join(', ')}` : ''}
          </p>
        )}
      </Section>
    </>
  )
}
