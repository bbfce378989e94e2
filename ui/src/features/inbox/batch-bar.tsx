import { ListChecks, X } from 'lucide-react'
import { useRef } from 'react'
import type { CheckpointSummary } from '@/api/types'
import { useActions } from '@/app/actions'
import { Button, IconButton } from '@/ui/button'
import { cx } from '@/ui/cx'
import { focusList } from './focus'
import { strings } from './strings'
import type { Batch } from './use-batch'

const s = strings.batch

/** What can be done with the items that are ticked. */
export function BatchBar({ batch, items }: { batch: Batch; items: readonly CheckpointSummary[] }) {
  const start = useRef<HTMLButtonElement>(null)
  const more = items.filter((item) => batch.may(item) && !batch.has(item)).length
  const clear = () => {
    batch.clear()
    focusList()
  }
  useActions([
    { id: 'batch.open', label: s.open, group: strings.group, shortcut: 't', run: batch.start },
    { id: 'batch.clear', label: s.clear, group: strings.group, shortcut: 'escape', run: clear },
  ])
  return (
    <div
      role="toolbar"
      aria-label={s.label}
      className={cx(
        'sticky bottom-3 z-20 mx-3 my-3 flex flex-wrap items-center gap-2 rounded-xl border border-line bg-raised',
        'px-3 py-2 shadow-[var(--shadow)] max-md:[&>button]:min-h-11',
      )}
    >
      <span aria-live="polite" className="px-1 text-sm font-medium tabular-nums">
        {s.chosen(batch.chosen.length)}
      </span>
      {more > 0 && (
        <Button
          small
          look="quiet"
          onClick={() => {
            batch.all(items)
            start.current?.focus()
          }}
        >
          {s.more(more, batch.chosen.length)}
        </Button>
      )}
      <Button
        ref={start}
        small
        look="primary"
        icon={<ListChecks size={14} />}
        shortcut="t"
        className="ml-auto"
        onClick={batch.start}
      >
        {s.open}
      </Button>
      <IconButton label={s.clear} aria-keyshortcuts="Escape" onClick={clear}>
        <X size={16} />
      </IconButton>
    </div>
  )
}
