import { Check, MessageSquareReply, X } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import type { Rehearsal, WaitingApproval } from '@/api/types'
import { titleOf, type WorkflowDocument } from '@/model/document'
import { filled } from '@/model/form-schema'
import { Button } from '@/ui/button'
import { Input } from '@/ui/field'
import { JsonView } from '@/ui/json-view'
import { Note, Skeleton } from '@/ui/states'
import { Rendered, Risk } from './call-card'
import { strings } from './strings'
import type { Play } from './use-rehearsal'

const SchemaForm = lazy(() => import('@/components/schema-form/schema-form'))
type Handoff = Extract<Rehearsal['waiting'], { for: 'handoff' }>
type Unknown = Extract<Rehearsal['waiting'], { for: 'unknown_outcome' }>

const OUTCOMES = {
  approved: { label: strings.approval.approve, look: 'primary', icon: <Check size={14} /> },
  rejected: { label: strings.approval.reject, look: 'danger', icon: <X size={14} /> },
  changes: { label: strings.approval.changes, look: 'plain', icon: <MessageSquareReply size={14} /> },
} as const

/** The approval as an operator sees it. */
export function ApprovalCard({ waiting, play }: { waiting: WaitingApproval; play: Play }) {
  const s = strings.approval
  const [comment, setComment] = useState('')
  const who = [...waiting.roles, ...waiting.users].join(', ') || s.anyone
  const decide = (outcome: string) => play.act({ act: 'decides', outcome, comment: comment.trim() || undefined })
  return (
    <div className="flex flex-col gap-3">
      <div>
        <p className="text-xs text-faint">
          {s.title} · {s.who}: {who}
          {waiting.quorum > 1 && ` · ${s.quorum(waiting.given.length, waiting.quorum)}`}
        </p>
        <h3 className="text-sm font-semibold break-words">{waiting.summary}</h3>
      </div>
      {waiting.difference && <Note tone="warn">{s.voided}</Note>}
      {waiting.requests.map((request) => (
        <div key={request.step} className="flex flex-col gap-1 rounded-md border border-line p-2">
          <p className="flex flex-wrap items-center gap-2 text-sm">
            <span className="font-medium">{request.title}</span>
            <span className="font-mono text-xs text-faint">{request.action}</span>
            <Risk risk={request.risk} />
          </p>
          <Rendered request={request.request} input={request.input} error={request.error} />
        </div>
      ))}
      <Input
        aria-label={s.comment}
        placeholder={s.comment}
        value={comment}
        onChange={(event) => setComment(event.target.value)}
      />
      <div className="flex flex-wrap gap-2">
        {(Object.keys(OUTCOMES) as (keyof typeof OUTCOMES)[])
          .filter((outcome) => waiting.outcomes.includes(outcome))
          .map((outcome) => (
            <Button
              key={outcome}
              look={OUTCOMES[outcome].look}
              icon={OUTCOMES[outcome].icon}
              onClick={() => decide(outcome)}
            >
              {OUTCOMES[outcome].label}
            </Button>
          ))}
      </div>
    </div>
  )
}

/** The conversation is with a person: hand it back. */
export function HandoffCard({ waiting, play }: { waiting: Handoff; play: Play }) {
  const s = strings.handoff
  const [comment, setComment] = useState('')
  const [answers, setAnswers] = useState<Record<string, unknown>>({})
  const [whole, setWhole] = useState(!waiting.form)
  const values = waiting.form ? filled(waiting.form, answers) : undefined
  return (
    <div className="flex flex-col gap-3">
      <h3 className="text-sm font-semibold">{s.title(waiting.team)}</h3>
      {waiting.note && <p className="text-sm whitespace-pre-wrap text-muted">{waiting.note}</p>}
      {Boolean(waiting.form) && (
        <Suspense fallback={<Skeleton className="h-20" />}>
          <SchemaForm
            id={`back-${waiting.visit}`}
            schema={waiting.form}
            values={answers}
            onChange={setAnswers}
            onWhole={setWhole}
          />
        </Suspense>
      )}
      <Input
        aria-label={strings.approval.comment}
        placeholder={strings.approval.comment}
        value={comment}
        onChange={(event) => setComment(event.target.value)}
      />
      <div className="flex flex-wrap items-center gap-2">
        <span className="text-xs text-faint">{s.back}</span>
        {waiting.outcomes.map((outcome, index) => (
          <Button
            key={outcome}
            look={index === 0 ? 'plain' : 'primary'}
            disabled={!whole}
            onClick={() => play.act({ act: 'hands_back', outcome, comment: comment.trim() || undefined, values })}
          >
            {outcome === 'returned' ? s.returned : outcome}
          </Button>
        ))}
      </div>
    </div>
  )
}

/** A call of which nobody knows whether it took place. */
export function UnknownCard({ waiting, play, document }: { waiting: Unknown; play: Play; document: WorkflowDocument }) {
  const s = strings.unknown
  const step = document.steps[waiting.step]
  return (
    <div className="flex flex-col gap-3">
      <h3 className="text-sm font-semibold">
        {s.title} <span className="font-normal text-muted">{step ? titleOf(waiting.step, step) : waiting.step}</span>
      </h3>
      <p className="text-sm text-muted">{waiting.error.message}</p>
      <JsonView value={waiting.request} label={strings.call.request} />
      <div className="flex flex-wrap gap-2">
        <Button
          look="primary"
          onClick={() => play.act({ act: 'resolves', answer: { outcome: 'happened', result: {} } })}
        >
          {s.happened}
        </Button>
        <Button onClick={() => play.act({ act: 'resolves', answer: { outcome: 'not_happened' } })}>{s.not}</Button>
        <Button look="danger" onClick={() => play.act({ act: 'resolves', answer: { outcome: 'stop' } })}>
          {s.stop}
        </Button>
      </div>
    </div>
  )
}
