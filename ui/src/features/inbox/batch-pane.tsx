import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useBlocker } from '@tanstack/react-router'
import { ArrowLeft, Check, X } from 'lucide-react'
import { useEffect, useRef, useState, type RefObject } from 'react'
import { problemText } from '@/api/client'
import { useActions } from '@/app/actions'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Textarea } from '@/ui/field'
import { Note } from '@/ui/states'
import { writes } from './api'
import { BatchTable } from './batch-table'
import { focusList } from './focus'
import { SignInAgain } from './sign-in-again'
import { strings } from './strings'
import type { Batch } from './use-batch'

const s = strings.batch
type Outcome = 'approved' | 'rejected'
/** As many as one request takes. */
const AT_ONCE = 100

/** Decides them a request's worth at a time, until it is stopped; what each came to is told as soon as it is known. */
function useDecideAll({ pending, tell }: Batch) {
  const client = useQueryClient()
  const stopped = useRef(false)
  // Known at once; the page shows a moment later that it is sent.
  const sending = useRef(false)
  const deciding = useMutation({
    mutationFn: async ({ outcome, comment }: { outcome: Outcome; comment: string }) => {
      stopped.current = false
      sending.current = true
      for (let from = 0; from < pending.length && !stopped.current; from += AT_ONCE) {
        const part = pending.slice(from, from + AT_ONCE)
        const decisions = part.map(({ id, shown }) => ({ checkpoint: id, outcome, comment: comment || null, shown }))
        tell((await writes.decideAll({ decisions })).results)
      }
    },
    onSettled: () => {
      sending.current = false
      void client.invalidateQueries({ queryKey: ['checkpoints'] })
      void client.invalidateQueries({ queryKey: ['runs'] })
    },
  })
  /** Sends no more; whether something is on its way. */
  const stop = () => {
    stopped.current = true
    return sending.current
  }
  return { deciding, sending, stop }
}

/** The words and the two buttons for all of them. */
function Answer({
  count,
  busy,
  box,
  comment,
  setComment,
  decide,
}: {
  count: number
  busy: boolean
  box: RefObject<HTMLTextAreaElement | null>
  comment: string
  setComment: (text: string) => void
  decide: (outcome: Outcome) => void
}) {
  return (
    <>
      <Textarea
        ref={box}
        rows={1}
        aria-label={strings.comment}
        placeholder={s.comment}
        value={comment}
        onChange={(event) => setComment(event.target.value)}
        className="min-h-8 sm:flex-1"
      />
      <div className="flex gap-2 max-md:[&_kbd]:hidden max-md:[&>button]:min-h-11 [&>button]:flex-1">
        <Button look="primary" icon={<Check size={15} />} shortcut="a" busy={busy} onClick={() => decide('approved')}>
          {s.approve(count)}
        </Button>
        <Button look="danger" icon={<X size={15} />} shortcut="r" busy={busy} onClick={() => decide('rejected')}>
          {s.reject(count)}
        </Button>
      </div>
    </>
  )
}

/** What the answer came to, in numbers. */
function tally({ chosen, results }: Batch) {
  const all = [...results.values()]
  const refused = all.filter((result) => result.problem).length
  const held = all.filter((result) => result.decided?.held_until).length
  const noted = all.filter((result) => result.decided?.status === 'open').length - held
  return { decided: all.length - refused - noted - held, held, noted, refused, unsent: chosen.length - all.length }
}

/** The focus goes to the heading, to what came of an answer, and back to the list. */
function useFocus(answered: boolean) {
  const heading = useRef<HTMLHeadingElement>(null)
  const status = useRef<HTMLParagraphElement>(null)
  useEffect(() => {
    heading.current?.focus()
    return focusList
  }, [])
  useEffect(() => {
    if (answered) status.current?.focus()
  }, [answered])
  return { heading, status }
}

/** The ticked items in one table, and one answer to all. Each keeps its own checks and its own record. */
export function BatchPane({ batch }: { batch: Batch }) {
  const [comment, setComment] = useState('')
  const box = useRef<HTMLTextAreaElement>(null)
  const { chosen, pending, results } = batch
  const { deciding, sending, stop } = useDecideAll(batch)
  const busy = deciding.isPending
  const { heading, status } = useFocus(deciding.isSuccess || deciding.isError)
  const decide = (outcome: Outcome) => {
    if (!sending.current) deciding.mutate({ outcome, comment: comment.trim() })
  }
  // What is on its way is waited for; nothing more is sent.
  const leave = () => {
    const waits = stop()
    if (!waits) batch.close()
    return waits
  }
  useBlocker({
    shouldBlockFn: ({ action }) => leave() || action === 'BACK',
    enableBeforeUnload: () => busy,
  })
  const enabled = pending.length > 0 && !busy
  const act = { group: strings.group, enabled }
  useActions([
    { ...act, id: 'batch.approve', label: strings.approve, shortcut: 'a', run: () => decide('approved') },
    { ...act, id: 'batch.reject', label: strings.reject, shortcut: 'r', run: () => decide('rejected') },
    {
      id: 'batch.comment',
      label: strings.moved.open,
      group: strings.group,
      shortcut: 'm',
      quiet: true,
      run: () => box.current?.focus(),
    },
    { id: 'batch.close', label: busy ? s.stop : strings.back, group: strings.group, shortcut: 'escape', run: leave },
  ])
  const first = chosen[0]
  return (
    <section aria-label={s.title} className="flex min-w-0 flex-1 flex-col lg:overflow-y-auto">
      <header className="flex flex-col gap-1 px-4 py-4">
        <button type="button" onClick={leave} className="inline-flex items-center gap-1 self-start text-sm text-muted">
          <ArrowLeft size={14} aria-hidden /> {busy ? s.stop : strings.back}
        </button>
        <h1 ref={heading} tabIndex={-1} className="self-start text-xl font-semibold tracking-tight">
          {s.heading(chosen.length)}
        </h1>
        {first && (
          <p className="text-sm text-muted">
            {first.title} · {first.run.name}
          </p>
        )}
      </header>
      <BatchTable batch={batch} busy={busy} />
      <div
        className={cx(
          'sticky bottom-0 z-10 mt-auto flex flex-col gap-3 border-t border-line-strong bg-raised p-3',
          'sm:flex-row sm:flex-wrap sm:items-start',
        )}
      >
        {[...results.values()].some(({ problem }) => problem?.code === 'step_up_needed') && (
          <SignInAgain again={() => deciding.variables && deciding.mutate(deciding.variables)} />
        )}
        {deciding.error && <Note tone="bad">{problemText(deciding.error)}</Note>}
        {results.size > 0 && (
          <p ref={status} role="status" tabIndex={-1} className={cx('text-sm', pending.length === 0 && 'sm:flex-1')}>
            {s.done(tally(batch))}
          </p>
        )}
        {pending.length > 0 ? (
          <Answer
            count={pending.length}
            busy={busy}
            box={box}
            comment={comment}
            setComment={setComment}
            decide={decide}
          />
        ) : (
          <Button look="primary" className="max-md:min-h-11" onClick={leave}>
            {strings.back}
          </Button>
        )}
      </div>
    </section>
  )
}
