import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ArrowLeft, Check, X } from 'lucide-react'
import { useRef, useState, type RefObject } from 'react'
import { problemText } from '@/api/client'
import type { BatchDecided, CheckpointSummary } from '@/api/types'
import { useActions } from '@/app/actions'
import { counted } from '@/model/counted'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Textarea } from '@/ui/field'
import { Note } from '@/ui/states'
import { writes } from './api'
import { BatchTable } from './batch-table'
import { strings } from './strings'
import type { Batch } from './use-batch'

const s = strings.batch
type Outcome = 'approved' | 'rejected'
/** As many as one request takes. */
const AT_ONCE = 100

/** Decides them a request's worth at a time; what each came to is kept as soon as it is known. */
function useDecideAll(pending: readonly CheckpointSummary[], tell: (results: readonly BatchDecided[]) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async ({ outcome, comment }: { outcome: Outcome; comment: string }) => {
      for (let from = 0; from < pending.length; from += AT_ONCE) {
        const part = pending.slice(from, from + AT_ONCE)
        const decisions = part.map(({ id, shown }) => ({ checkpoint: id, outcome, comment: comment || null, shown }))
        tell((await writes.decideAll({ decisions })).results)
      }
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ['checkpoints'] })
      void client.invalidateQueries({ queryKey: ['runs'] })
    },
  })
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

/** The ticked items in one table, and one answer to all. Each keeps its own checks and its own record. */
export function BatchPane({ batch, onClose }: { batch: Batch; onClose: () => void }) {
  // Kept apart from the list, which what is decided leaves.
  const [items, setItems] = useState(batch.chosen)
  const [results, setResults] = useState<ReadonlyMap<string, BatchDecided>>(new Map())
  const [comment, setComment] = useState('')
  const box = useRef<HTMLTextAreaElement>(null)
  const pending = items.filter((item) => !results.has(item.id))
  const deciding = useDecideAll(pending, (told) =>
    setResults((old) => new Map([...old, ...told.map((one) => [one.checkpoint, one] as const)])),
  )
  const decide = (outcome: Outcome) => deciding.mutate({ outcome, comment: comment.trim() })
  const close = () => {
    if (results.size > 0) batch.clear()
    onClose()
  }
  const enabled = pending.length > 0 && !deciding.isPending
  useActions([
    {
      id: 'batch.approve',
      label: strings.approve,
      group: strings.group,
      shortcut: 'a',
      enabled,
      run: () => decide('approved'),
    },
    {
      id: 'batch.reject',
      label: strings.reject,
      group: strings.group,
      shortcut: 'r',
      enabled,
      run: () => decide('rejected'),
    },
    {
      id: 'batch.comment',
      label: strings.moved.open,
      group: strings.group,
      shortcut: 'm',
      quiet: true,
      run: () => box.current?.focus(),
    },
    { id: 'batch.close', label: strings.back, group: strings.group, shortcut: 'escape', run: close },
  ])
  const first = items[0]
  const refused = [...results.values()].filter((result) => result.problem).length
  return (
    <section aria-label={s.title} className="flex min-w-0 flex-1 flex-col lg:overflow-y-auto">
      <header className="flex flex-col gap-1 px-4 py-4">
        <button type="button" onClick={close} className="inline-flex items-center gap-1 self-start text-sm text-muted">
          <ArrowLeft size={14} aria-hidden /> {strings.back}
        </button>
        <h1 className="text-xl font-semibold tracking-tight">{s.heading(counted(items.length, Infinity))}</h1>
        {first && (
          <p className="text-sm text-muted">
            {first.title} · {first.run.name}
          </p>
        )}
      </header>
      <BatchTable
        items={items}
        results={results}
        leaveOut={(id) => setItems(items.filter((item) => item.id !== id))}
        busy={deciding.isPending}
      />
      <div
        className={cx(
          'sticky bottom-0 z-10 mt-auto flex flex-col gap-3 border-t border-line-strong bg-raised p-3',
          'sm:flex-row sm:items-start',
        )}
      >
        {deciding.error && <Note tone="bad">{problemText(deciding.error)}</Note>}
        {pending.length > 0 ? (
          <Answer
            count={pending.length}
            busy={deciding.isPending}
            box={box}
            comment={comment}
            setComment={setComment}
            decide={decide}
          />
        ) : (
          <>
            <p role="status" className="text-sm sm:flex-1">
              {s.done(results.size - refused, refused)}
            </p>
            <Button look="primary" className="max-md:min-h-11" onClick={close}>
              {strings.back}
            </Button>
          </>
        )}
      </div>
    </section>
  )
}
