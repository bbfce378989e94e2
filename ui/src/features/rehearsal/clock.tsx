import { Clock as ClockIcon, FastForward } from 'lucide-react'
import type { Rehearsal } from '@/api/types'
import { measured } from '@/model/duration'
import { Button } from '@/ui/button'
import { At } from '@/ui/time'
import { strings } from './strings'
import type { Play } from './use-rehearsal'

const s = strings.clock

/** The timers that run, earliest first. */
function timers(rehearsal: Rehearsal): { at: number; what: string }[] {
  const { waiting } = rehearsal
  const found: { at: number; what: string }[] = []
  if ('remind_at' in waiting && waiting.remind_at != null) found.push({ at: waiting.remind_at, what: s.remind })
  if (waiting.for === 'retry') found.push({ at: waiting.due_at, what: s.again(waiting.attempt) })
  else if ('due_at' in waiting && waiting.due_at != null) found.push({ at: waiting.due_at, what: s.due })
  return found.sort((a, b) => a.at - b.at)
}

/** What time it is in the rehearsal, and ways to let it pass. */
export function Clock({ rehearsal, play }: { rehearsal: Rehearsal; play: Play }) {
  const running = timers(rehearsal)
  const skip = (duration?: string) => play.act({ act: 'waits', duration })
  return (
    <section aria-label={s.title} className="flex flex-col gap-2 rounded-lg border border-line p-3">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        <ClockIcon size={14} className="text-faint" aria-hidden />
        <At at={rehearsal.now} />
        <span className="text-xs text-faint">+{measured(Math.max(0, rehearsal.now - rehearsal.began_at))}</span>
      </p>
      {running.length > 0 && (
        <ul className="flex flex-col gap-0.5 text-xs text-muted">
          {running.map((timer) => (
            <li key={timer.what}>
              {timer.what}: <At at={timer.at} />{' '}
              <span className="text-faint">({measured(Math.max(0, timer.at - rehearsal.now))})</span>
            </li>
          ))}
        </ul>
      )}
      {!rehearsal.ended && (
        <div className="flex flex-wrap gap-2">
          {running.length > 0 && (
            <Button small icon={<FastForward size={13} />} onClick={() => skip()}>
              {s.next}
            </Button>
          )}
          <Button small onClick={() => skip('4h')}>
            {s.skip(s.hours)}
          </Button>
          <Button small onClick={() => skip('1d')}>
            {s.skip(s.day)}
          </Button>
        </div>
      )}
    </section>
  )
}
