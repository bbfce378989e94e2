import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Undo2 } from 'lucide-react'
import { useEffect, useState } from 'react'
import { problemText } from '@/api/client'
import type { Checkpoint } from '@/api/types'
import { useActions } from '@/app/actions'
import { secondsLeft } from '@/model/duration'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Note } from '@/ui/states'
import { toast } from '@/ui/toast'
import { reads, writes } from './api'
import { strings } from './strings'
import { alreadyText } from './use-decision'

const s = strings.held
type HeldDecision = NonNullable<Checkpoint['held']>

/** Seconds until it counts, and afterwards a look at what came of it. */
function useSecondsLeft({ at, until }: HeldDecision): number {
  const client = useQueryClient()
  const [now, setNow] = useState(() => Date.now())
  const left = secondsLeft({ at, until }, now)
  useEffect(() => {
    const ticking = setInterval(() => setNow(Date.now()), 250)
    return () => clearInterval(ticking)
  }, [])
  useEffect(() => {
    // The server tells by itself when it counts; this is for a line that is down.
    if (left === 0) void client.invalidateQueries({ queryKey: ['checkpoints'] })
  }, [left, client])
  return left
}

function useUndo(checkpoint: Checkpoint) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => writes.undo(checkpoint.id),
    onSuccess: (open) => {
      client.setQueryData(reads.checkpoint(checkpoint.id).queryKey, open)
      toast.ok(s.done)
    },
    onError: (error) => toast.bad(alreadyText(error) ?? problemText(error)),
    onSettled: () => void client.invalidateQueries({ queryKey: ['checkpoints'] }),
  })
}

/** A decision that counts in a moment: the clock, and for who took it the way back. */
export function Held({ checkpoint, held }: { checkpoint: Checkpoint; held: HeldDecision }) {
  const left = useSecondsLeft(held)
  const undo = useUndo(checkpoint)
  const may = held.yours && left > 0 && !undo.isPending
  const run = () => undo.mutate()
  useActions(
    held.yours ? [{ id: 'approval.undo', label: s.undo, group: strings.group, shortcut: 'z', enabled: may, run }] : [],
  )
  const word = strings.outcomeWords[held.outcome] ?? held.outcome
  return (
    <section
      aria-label={s.label}
      className={cx(
        'z-10 flex flex-col gap-2 border-line-strong bg-raised p-3 shadow-sm',
        'max-md:fixed max-md:inset-x-0 max-md:bottom-0 max-md:border-t',
        'md:sticky md:top-0 md:rounded-lg md:border',
      )}
    >
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1">
          <p role="status" className="text-sm font-medium">
            {held.yours ? s.yours(word) : s.others(word, held.by.name)}
          </p>
          <p className="text-sm text-muted">
            <span role="timer" className="tabular-nums">
              {left > 0 ? s.left(left) : s.counting}
            </span>
          </p>
        </div>
        {held.yours && (
          <Button
            icon={<Undo2 size={15} />}
            shortcut="z"
            disabled={left === 0}
            busy={undo.isPending}
            onClick={run}
            className="max-md:min-h-11 max-md:flex-1 max-md:[&_kbd]:hidden"
          >
            {s.undo}
          </Button>
        )}
      </div>
      {undo.error && <Note tone="warn">{alreadyText(undo.error) ?? problemText(undo.error)}</Note>}
    </section>
  )
}

/** What was decided and taken back here. */
export function TakenBack({ checkpoint }: { checkpoint: Checkpoint }) {
  if (checkpoint.taken_back.length === 0) return null
  return (
    <ul aria-label={s.takenBack} className="flex flex-col gap-1 text-sm text-muted">
      {checkpoint.taken_back.map((back) => (
        <li key={back.at}>
          {s.took(strings.outcomeWords[back.outcome] ?? back.outcome, back.by.name, new Date(back.at).toLocaleString())}
        </li>
      ))}
    </ul>
  )
}
