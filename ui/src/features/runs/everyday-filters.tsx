import type { RunFilters } from '@/api/queries'
import { Select } from '@/ui/field'
import { strings as s } from './strings'

const SPANS = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 }

function spanOf(after: number | undefined): string {
  if (after === undefined) return ''
  const age = Date.now() - after
  return age <= SPANS.hour * 1.5 ? 'hour' : age <= SPANS.day * 1.5 ? 'day' : 'week'
}

type Props = { filters: RunFilters; set: (change: RunFilters) => void; className?: string }

/** How long ago runs may have started. */
export function SpanFilter({ filters, set, className }: Props) {
  return (
    <Select
      aria-label={s.since}
      value={spanOf(filters.after)}
      onChange={(event) =>
        set({ after: event.target.value ? Date.now() - SPANS[event.target.value as keyof typeof SPANS] : undefined })
      }
      className={className}
    >
      <option value="">{s.sinceAny}</option>
      <option value="hour">{s.sinceHour}</option>
      <option value="day">{s.sinceDay}</option>
      <option value="week">{s.sinceWeek}</option>
    </Select>
  )
}
