import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { useState } from 'react'
import { queries } from '@/api/queries'
import { Button } from '@/ui/button'
import { Input, Select } from '@/ui/field'
import { localInput } from '@/ui/time'
import type { AuditFilters } from './api'
import { strings as s } from './strings'

/** A moment's day of this calendar, as a date field has it. */
const dayOf = (at: number | undefined) => (at === undefined ? '' : localInput(at).slice(0, 10))

/** Where a day begins, or the one so many days after it. */
function startOf(day: string, after = 0): number | undefined {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return day === '' ? undefined : new Date(year, month - 1, date + after).getTime()
}

/** A year before this one is still being typed: its first digit counts as the year 2. */
const FIRST_YEAR = 1970

/** A day, told once its year can be one. */
function DayField({ label, day, onChange }: { label: string; day: string; onChange: (day: string) => void }) {
  const [text, setText] = useState(day)
  const [seen, setSeen] = useState(day)
  if (day !== seen) {
    setSeen(day)
    setText(day)
  }
  return (
    <Input
      type="date"
      aria-label={label}
      value={text}
      onChange={(event) => {
        const typed = event.target.value
        setText(typed)
        if (typed === '' || Number(typed.split('-')[0]) >= FIRST_YEAR) onChange(typed)
      }}
      className="!w-36"
    />
  )
}

type Props = { filters: AuditFilters; set: (change: AuditFilters) => void }

function Who({ filters, set }: Props) {
  const { data: people } = useQuery(queries.people())
  const known = people?.items.some((person) => `user:${person.id}` === filters.actor) || filters.actor === 'system'
  return (
    <Select
      aria-label={s.who}
      value={filters.actor ?? ''}
      onChange={(event) => set({ actor: event.target.value || undefined })}
      className="!w-auto max-w-48"
    >
      <option value="">{s.anybody}</option>
      {people?.items.map((person) => (
        <option key={person.id} value={`user:${person.id}`}>
          {person.name}
        </option>
      ))}
      <option value="system">{s.actor('system')}</option>
      {filters.actor && !known && <option value={filters.actor}>{filters.actor}</option>}
    </Select>
  )
}

function What({ filters, set }: Props) {
  return (
    <Select
      aria-label={s.what}
      value={filters.action ?? ''}
      onChange={(event) => set({ action: event.target.value || undefined })}
      className="!w-auto max-w-48"
    >
      <option value="">{s.anything}</option>
      {Object.entries(s.kinds).map(([prefix, label]) => (
        <option key={prefix} value={prefix}>
          {label}
        </option>
      ))}
      {filters.action && !Object.hasOwn(s.kinds, filters.action) && (
        <option value={filters.action}>{filters.action}</option>
      )}
    </Select>
  )
}

/** Who, what, about what and when; all of it is in the address. */
export function Filters({ filters, set }: Props) {
  const any = Object.values(filters).some((value) => value !== undefined)
  const none = { actor: undefined, action: undefined, subject: undefined, after: undefined, before: undefined }
  return (
    <div role="search" aria-label={s.filters} className="flex flex-wrap items-center gap-2">
      <Who filters={filters} set={set} />
      <What filters={filters} set={set} />
      <DayField label={s.from} day={dayOf(filters.after)} onChange={(day) => set({ after: startOf(day) })} />
      <DayField
        label={s.until}
        // The day that ends there.
        day={dayOf(filters.before === undefined ? undefined : filters.before - 1)}
        onChange={(day) => set({ before: startOf(day, 1) })}
      />
      {filters.subject && (
        <Button small icon={<X size={13} />} onClick={() => set({ subject: undefined })}>
          {s.about(filters.subject)}
        </Button>
      )}
      {any && (
        <Button small look="quiet" onClick={() => set(none)}>
          {s.clear}
        </Button>
      )}
    </div>
  )
}
