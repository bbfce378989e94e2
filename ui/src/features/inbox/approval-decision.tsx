import { Check, MessageSquareReply, X } from 'lucide-react'
import { useRef, useState, type RefObject } from 'react'
import { problemText } from '@/api/client'
import type { Checkpoint } from '@/api/types'
import { useActions, type Action } from '@/app/actions'
import { useMe } from '@/app/session'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Textarea } from '@/ui/field'
import { Note } from '@/ui/states'
import { AllowAhead } from './allow-ahead'
import { useKeyOf } from './by-key'
import { ApproverFields, useAsked, type Asked } from './approver-fields'
import { SignInAgain, takesPassword } from './sign-in-again'
import { strings as s } from './strings'
import { alreadyText, useDecision } from './use-decision'

const LOOK = { approved: 'primary', rejected: 'danger', changes: 'plain' } as const
const ICON = { approved: <Check size={15} />, rejected: <X size={15} />, changes: <MessageSquareReply size={15} /> }
const LABEL = { approved: s.approve, rejected: s.reject, changes: s.changes }
const KEY = { approved: 'a', rejected: 'r', changes: 'c' }
type Outcome = keyof typeof LABEL
const OUTCOMES = Object.keys(LABEL) as Outcome[]

/** Whose decision the caller's would be, when they stand in for somebody. */
function useStandIn(checkpoint: Checkpoint): string | null {
  const me = useMe()
  const mine = checkpoint.deciders.find((decider) => decider.person.id === me.user.id)
  return mine?.on_behalf_of?.name ?? null
}

/** The comment, what is wrong with it, and the act itself: nothing is sent that the step would refuse. */
function useDeciding(checkpoint: Checkpoint, asked: Asked, { seen, look }: Seen) {
  const [comment, setComment] = useState('')
  const [wanted, setWanted] = useState<Outcome | null>(null)
  const box = useRef<HTMLTextAreaElement>(null)
  // What one edited oneself is no news, and is what stands there now.
  const decision = useDecision(checkpoint, seen, (decided) => {
    look(decided.shown)
    asked.setEditing(false)
  })
  const said = comment.trim()
  const required = (outcome: Outcome) => checkpoint.asked?.comment_required.includes(outcome) ?? false
  const decide = (outcome: Outcome) => {
    if (outcome === 'approved' && !asked.validate()) return
    if (required(outcome) && said === '') {
      setWanted(outcome)
      box.current?.focus()
      return
    }
    const yes = outcome === 'approved' ? { edits: asked.edits, values: asked.values } : {}
    decision.mutate({ outcome, comment: said || undefined, ...yes })
  }
  const missing = wanted !== null && said === '' ? s.commentMissing(LABEL[wanted]) : null
  return { comment, setComment, box, decision, decide, required, missing }
}

/** The box for words, with what it is needed for. */
function Comment({
  box,
  value,
  onChange,
  missing,
  needed,
  disabled,
}: {
  box: RefObject<HTMLTextAreaElement | null>
  value: string
  onChange: (text: string) => void
  missing: string | null
  needed: readonly string[]
  disabled: boolean
}) {
  return (
    <div className="flex min-w-0 flex-col gap-1 sm:min-w-72 sm:flex-1">
      <Textarea
        ref={box}
        rows={1}
        aria-label={s.comment}
        aria-invalid={missing ? true : undefined}
        aria-describedby={missing ? 'comment-missing' : undefined}
        placeholder={needed.length > 0 ? s.commentNeeded(needed) : s.commentPlaceholder}
        value={value}
        disabled={disabled}
        onChange={(event) => onChange(event.target.value)}
        className="min-h-8"
      />
      {missing && (
        <p id="comment-missing" role="alert" className="text-xs text-bad">
          {missing}
        </p>
      )}
    </div>
  )
}

/** What the person read, which an edit by a colleague changes under their eyes: they look again before they decide. */
function useSeen(checkpoint: Checkpoint) {
  const [seen, setSeen] = useState(checkpoint.shown)
  return { seen, changed: seen !== checkpoint.shown, look: setSeen }
}
type Seen = ReturnType<typeof useSeen>

function Notes({ checkpoint, error }: { checkpoint: Checkpoint; error: Error | null }) {
  const standIn = useStandIn(checkpoint)
  const lost = alreadyText(error)
  return (
    <>
      {lost && <Note tone="warn">{lost}</Note>}
      {error && !lost && <Note tone="bad">{problemText(error)}</Note>}
      {!checkpoint.may_decide && (
        <Note tone="muted">
          {s.mayNot}
          {checkpoint.why_not ? `: ${checkpoint.why_not}` : '.'}
        </Note>
      )}
      {checkpoint.may_decide && standIn && <Note tone="muted">{s.inTheName(standIn)}</Note>}
    </>
  )
}

/** The approver's fields, the comment and the buttons. One click decides; the comment goes along when there is one. */
export function ApprovalDecision({ checkpoint }: { checkpoint: Checkpoint }) {
  const keyOf = useKeyOf()
  const asked = useAsked(checkpoint)
  const seen = useSeen(checkpoint)
  const { comment, setComment, box, decision, decide, required, missing } = useDeciding(checkpoint, asked, seen)
  // While it is sent, the card may be ahead of what the answer says.
  const changed = seen.changed && !decision.isPending
  const may = checkpoint.may_decide && !changed
  const offered = OUTCOMES.filter((outcome) => checkpoint.outcomes.includes(outcome))
  const label = (outcome: Outcome) => (outcome === 'approved' && asked.edits ? s.asked.approveChanged : LABEL[outcome])
  const actions: Action[] = offered.map((outcome) => ({
    id: `approval.${outcome}`,
    label: LABEL[outcome],
    group: s.group,
    shortcut: keyOf(KEY[outcome]),
    enabled: may && !decision.isPending,
    run: () => decide(outcome),
  }))
  const focusBox = () => box.current?.focus()
  useActions([
    ...actions,
    { id: 'approval.comment', label: s.moved.open, group: s.group, shortcut: 'm', quiet: true, run: focusBox },
  ])
  return (
    <>
      <ApproverFields checkpoint={checkpoint} asked={asked} error={decision.error} busy={decision.isPending} />
      <div
        className={cx(
          'z-10 flex flex-col gap-3 border-line-strong bg-raised p-3 shadow-sm',
          'max-md:fixed max-md:inset-x-0 max-md:bottom-0 max-md:border-t',
          'md:sticky md:top-0 md:rounded-lg md:border',
        )}
      >
        {takesPassword(decision.error) ? (
          <SignInAgain again={() => decision.variables && decision.mutate(decision.variables)} />
        ) : (
          <Notes checkpoint={checkpoint} error={decision.error} />
        )}
        {changed && (
          <div role="alert" className="flex flex-wrap items-center gap-2">
            <Note tone="warn">{s.changed}</Note>
            <Button
              small
              onClick={() => {
                decision.reset()
                // What was changed here was changed from what stands there no more.
                asked.setEditing(false)
                seen.look(checkpoint.shown)
              }}
            >
              {s.haveRead}
            </Button>
          </div>
        )}
        <div className="flex flex-col gap-2 sm:flex-row sm:flex-wrap sm:items-start">
          <Comment
            box={box}
            value={comment}
            onChange={setComment}
            missing={missing}
            needed={offered.filter(required).map((outcome) => LABEL[outcome])}
            disabled={!checkpoint.may_decide}
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
                shortcut={keyOf(KEY[outcome])}
                disabled={!may}
                busy={decision.isPending && decision.variables?.outcome === outcome}
                onClick={() => decide(outcome)}
              >
                {label(outcome)}
              </Button>
            ))}
          </div>
        </div>
        <AllowAhead checkpoint={checkpoint} may={may} />
      </div>
    </>
  )
}
