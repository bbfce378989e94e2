import { useNavigate, useSearch } from '@tanstack/react-router'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import type { RunPoint } from '@/api/types'
import { useActions } from '@/app/actions'
import { IconButton } from '@/ui/button'
import { strings } from './strings'

const s = strings.debug

function clock(at: number): string {
  const time = new Date(at)
  return `${time.toLocaleTimeString(undefined, { hour12: false })}.${String(time.getMilliseconds()).padStart(3, '0')}`
}

/** Which point is looked at and what it is compared with, as the address has it; with the keys that move it. */
export function useScrub(points: readonly RunPoint[]) {
  const search = useSearch({ from: '/shell/runs/$run' })
  const navigate = useNavigate({ from: '/runs/$run' })
  const last = points.length
  const within = (point: number) => Math.min(Math.max(point, 0), last)
  const current = within(search.point ?? last)
  const go = (point: number) =>
    void navigate({
      search: (old) => ({ ...old, tab: 'debug', point: within(point) }),
      replace: true,
      resetScroll: false,
    })
  const compare = (from: number | undefined) =>
    void navigate({ search: (old) => ({ ...old, from }), replace: true, resetScroll: false })
  const move = (id: string, shortcut: string, by: 1 | -1) => ({
    id: `debug.${id}`,
    label: by === 1 ? s.next : s.previous,
    group: strings.group,
    shortcut,
    quiet: true,
    run: () => go(current + by),
  })
  useActions([
    move('next', 'j', 1),
    move('previous', 'k', -1),
    move('right', 'arrowright', 1),
    move('left', 'arrowleft', -1),
  ])
  return { current, last, from: search.from, go, compare }
}

export type Scrub = ReturnType<typeof useScrub>

/** Back and forth through the log, and where that is in words. */
export function Scrubber({ scrub, point }: { scrub: Scrub; point: RunPoint | undefined }) {
  const { current, last, go } = scrub
  const at = point
    ? s.at(current, last, clock(point.at), s.kinds[point.kind] ?? point.kind, point.title ?? undefined)
    : s.start(last)
  return (
    <div className="flex flex-wrap items-center gap-2">
      <IconButton
        label={s.previous}
        aria-keyshortcuts="k ArrowLeft"
        disabled={current === 0}
        onClick={() => go(current - 1)}
      >
        <ChevronLeft size={16} />
      </IconButton>
      <input
        type="range"
        aria-label={s.scrubber}
        aria-valuetext={at}
        min={0}
        max={last}
        value={current}
        onChange={(event) => go(Number(event.target.value))}
        className="min-w-40 flex-1 accent-accent"
      />
      <IconButton
        label={s.next}
        aria-keyshortcuts="j ArrowRight"
        disabled={current === last}
        onClick={() => go(current + 1)}
      >
        <ChevronRight size={16} />
      </IconButton>
      <p className="basis-full text-sm text-muted tabular-nums" aria-live="polite">
        {at}
      </p>
    </div>
  )
}
