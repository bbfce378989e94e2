import { useState } from 'react'
import type { CheckpointSummary } from '@/api/types'
import { alike } from '@/model/alike'

/** Whether a click on a button is all it may take: forms, handoffs and questions are answered one by one. */
const together = (item: CheckpointSummary) => item.kind === 'approval' && item.status === 'open' && item.may_decide

/** The items that are ticked to be decided together, as they were read when they were ticked: all of one step. */
export function useBatch() {
  const [chosen, setChosen] = useState<readonly CheckpointSummary[]>([])
  const first = chosen[0]
  const may = (item: CheckpointSummary) => together(item) && (!first || alike(first, item))
  const has = (item: { id: string }) => chosen.some((one) => one.id === item.id)
  return {
    chosen,
    has,
    may,
    toggle: (item: CheckpointSummary) => {
      if (has(item)) setChosen(chosen.filter((one) => one.id !== item.id))
      else if (may(item)) setChosen([...chosen, item])
    },
    /** What is like the ticked ones, or like this one, ticked too. */
    all: (items: readonly CheckpointSummary[], like = first) => {
      if (like) setChosen(items.filter((item) => together(item) && alike(like, item)))
    },
    clear: () => setChosen([]),
  }
}
export type Batch = ReturnType<typeof useBatch>
