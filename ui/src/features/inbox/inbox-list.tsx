import { Link } from '@tanstack/react-router'
import { Clock } from 'lucide-react'
import type { CheckpointSummary } from '@/api/types'
import type { InboxSearch } from '@/app/router'
import { Status } from '@/components/status'
import { cx } from '@/ui/cx'
import { Ago, Left, useNow } from '@/ui/time'
import { strings as s } from './strings'
import type { Batch } from './use-batch'

const SOON_MS = 30 * 60_000

function Due({ due }: { due: number }) {
  const now = useNow()
  return (
    <span
      className={cx(
        'inline-flex items-center gap-1 text-xs whitespace-nowrap',
        due - now < SOON_MS ? 'font-medium text-bad' : 'text-faint',
      )}
    >
      <Clock size={12} aria-hidden />
      <Left due={due} over={s.overdue} />
    </span>
  )
}

const whyAlone = (item: CheckpointSummary) => `alone-${item.id}`

/** Ticks an item for the batch; one that is decided alone keeps its box, which can be reached and says why. */
function Tick({ item, batch }: { item: CheckpointSummary; batch: Batch }) {
  const alone = batch.alone(item)
  return (
    <label
      className={cx(
        'flex items-start pt-4 pl-3 max-md:min-w-11 max-md:pl-4',
        alone ? 'cursor-not-allowed opacity-60' : 'cursor-pointer',
      )}
    >
      <input
        type="checkbox"
        aria-label={s.batch.tick(item.summary || item.title)}
        aria-disabled={alone || undefined}
        aria-describedby={alone ? whyAlone(item) : undefined}
        checked={batch.has(item)}
        onChange={() => batch.toggle(item)}
      />
    </label>
  )
}

/** The left column: one link for each checkpoint. */
export function InboxList({
  items,
  chosen,
  search,
  batch,
}: {
  items: CheckpointSummary[]
  chosen: string | undefined
  search: InboxSearch
  batch: Batch
}) {
  return (
    <ul aria-label={s.listLabel}>
      {items.map((item) => (
        <li key={item.id} className="flex border-b border-b-line">
          {(batch.may(item) || batch.has(item) || batch.alone(item)) && <Tick item={item} batch={batch} />}
          <Link
            to="/inbox/$checkpoint"
            params={{ checkpoint: item.id }}
            search={search}
            aria-current={item.id === chosen ? 'true' : undefined}
            className={cx(
              'flex min-w-0 flex-1 flex-col gap-0.5 border-l-2 px-4 py-3',
              item.id === chosen ? 'border-l-accent bg-hover' : 'border-l-transparent hover:bg-hover',
            )}
          >
            <span className="flex items-center gap-2">
              <span className="truncate text-xs text-faint">
                {item.run.title === item.run.name ? item.run.name : `${item.run.title} · ${item.run.name}`}
              </span>
              <span className="ml-auto">
                {item.held_until ? (
                  <span className="text-xs text-warn">{s.heldInList}</span>
                ) : item.status === 'open' && item.due_at ? (
                  <Due due={item.due_at} />
                ) : item.outcome ? (
                  <Status status={item.outcome} className="!text-xs" />
                ) : null}
              </span>
            </span>
            <span className="line-clamp-2 font-medium">{item.summary || item.title}</span>
            {batch.alone(item) && (
              <span id={whyAlone(item)} className="text-xs text-muted">
                {s.batch.alone}
              </span>
            )}
            <span className="flex items-center gap-2 text-xs text-faint">
              <span className="truncate">{item.customer?.name || item.title}</span>
              <Ago at={item.decided_at ?? item.opened_at} className="ml-auto shrink-0" />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  )
}
