import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { problemText } from '@/api/client'
import type { TriggerFire } from '@/api/types'
import { Status } from '@/components/status'
import { Button } from '@/ui/button'
import { At } from '@/ui/time'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { strings as s } from './strings'

/** How each outcome looks, in the statuses everybody knows. */
const LOOKS: Record<string, string> = {
  waiting: 'waiting',
  started: 'succeeded',
  ignored: 'cancelled',
  skipped: 'cancelled',
  failed: 'failed',
}

type Props = { id: string; fires: readonly TriggerFire[]; replayable: boolean }

/** What came of the last times, with the run or the reason; who may operate lets one come again. */
export function Fires({ id, fires, replayable }: Props) {
  const client = useQueryClient()
  const replay = useMutation({
    mutationFn: (event: string) => writes.replay(event),
    onSuccess: () => toast.ok(s.replayed),
    onError: (error) => toast.bad(problemText(error)),
    onSettled: () => client.invalidateQueries({ queryKey: ['workflows', 'triggers'] }),
  })
  return (
    <section aria-label={s.firesOf(id)} className="flex flex-col gap-1">
      <h3 className="text-xs font-medium text-muted">{s.fires}</h3>
      {fires.length === 0 ? (
        <p className="text-sm text-faint">{s.never}</p>
      ) : (
        <ul className="divide-y divide-line rounded-md border border-line">
          {fires.map((fire) => (
            <li
              key={fire.event ?? fire.run}
              className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-1.5 text-sm"
            >
              <Status status={LOOKS[fire.outcome] ?? 'idle'} label={s.outcomes[fire.outcome] ?? fire.outcome} />
              <span className="text-xs text-muted">
                <At at={fire.at} />
              </span>
              {fire.run && (
                <Link to="/runs/$run" params={{ run: fire.run }} className="text-accent underline">
                  {s.run}
                </Link>
              )}
              {replayable && fire.event !== null && (
                <Button
                  small
                  look="quiet"
                  className="ml-auto"
                  aria-label={s.replayOf(new Date(fire.at).toLocaleString())}
                  busy={replay.isPending && replay.variables === fire.event}
                  onClick={() => fire.event !== null && replay.mutate(fire.event)}
                >
                  {s.replay}
                </Button>
              )}
              {fire.error && <span className="basis-full text-xs break-words text-bad">{fire.error}</span>}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
