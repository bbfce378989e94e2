import { useState } from 'react'
import type { BatchDecided, CheckpointSummary } from '@/api/types'
import { alike } from '@/model/alike'

/** Whether a click on a button is all it may take: forms, handoffs and questions are answered one by one. */
const clicked = (item: CheckpointSummary) => item.kind === 'approval' && item.status === 'open' && item.may_decide
/** Whether the list tells all that is decided. */
const told = (item: CheckpointSummary) => item.shown !== null
const together = (item: CheckpointSummary) => clicked(item) && told(item)

/** Refused for what another answer mends. */
const CORRECTABLE = ['comment_needed', 'outcome_not_offered', 'step_up_needed']

/** Whether nothing more can come of it: decided, or refused for good. */
function settled({ problem }: BatchDecided): boolean {
  return !problem || (problem.status < 500 && problem.status !== 429 && !CORRECTABLE.includes(problem.code))
}

const NONE: ReadonlyMap<string, BatchDecided> = new Map()

/**
 * The items that are ticked to be decided together, as they were read when they were ticked: all of one step; and what
 * came of each, while the table in which they are decided is open.
 */
export function useBatch() {
  const [chosen, setChosen] = useState<readonly CheckpointSummary[]>([])
  const [results, setResults] = useState(NONE)
  const [open, setOpen] = useState(false)
  const first = chosen[0]
  const fits = (item: CheckpointSummary) => !first || alike(first, item)
  const may = (item: CheckpointSummary) => together(item) && fits(item)
  const has = (item: { id: string }) => chosen.some((one) => one.id === item.id)
  const pending = chosen.filter(({ id }) => {
    const result = results.get(id)
    return !result || !settled(result)
  })
  const keep = (kept: readonly CheckpointSummary[]) => {
    setChosen(kept)
    if (kept.length === 0) setOpen(false)
  }
  return {
    chosen,
    results,
    /** What can still be decided. */
    pending,
    open,
    has,
    may,
    /** Whether it would be ticked, were it not to be opened for what the list does not tell. */
    alone: (item: CheckpointSummary) => clicked(item) && !told(item) && fits(item),
    toggle: (item: CheckpointSummary) => {
      if (has(item)) keep(chosen.filter((one) => one.id !== item.id))
      else if (may(item)) setChosen([...chosen, item])
    },
    /** What is like the ticked ones, or like this one, ticked too. */
    all: (items: readonly CheckpointSummary[], like = first) => {
      if (like) setChosen([...chosen, ...items.filter((item) => together(item) && alike(like, item) && !has(item))])
    },
    clear: () => setChosen([]),
    start: () => setOpen(true),
    tell: (answers: readonly BatchDecided[]) =>
      setResults((old) => new Map([...old, ...answers.map((one) => [one.checkpoint, one] as const)])),
    /** Back to the list: what is settled is ticked no more. */
    close: () => {
      keep(pending)
      setResults(NONE)
      setOpen(false)
    },
  }
}
export type Batch = ReturnType<typeof useBatch>
