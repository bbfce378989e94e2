import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { queries } from '@/api/queries'
import { Button } from '@/ui/button'
import { Input, Select } from '@/ui/field'
import type { AuditFilters } from './api'
import { strings as s } from './strings'

const DAY_MS = 86_400_000

/** A day of this calendar, as a date field has it. */
function dayOf(at: number | undefined): string {
  if (at === undefined) return ''
  const date = new Date(at)
  const two = (part: number) => String(part).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

const startOf = (day: string): number | undefined => (day === '' ? undefined : new Date(`${day}T00:00:00`).getTime())

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
  const last = filters.before === undefined ? undefined : filters.before - DAY_MS / 2
  const any = Object.values(filters).some((value) => value !== undefined)
  const none = { actor: undefined, action: undefined, subject: undefined, after: undefined, before: undefined }
  return (
    <div role="search" aria-label={s.filters} className="flex flex-wrap items-center gap-2">
      <Who filters={filters} set={set} />
      <What filters={filters} set={set} />
      <Input
        type="date"
        aria-label={s.from}
        value={dayOf(filters.after)}
        onChange={(event) => set({ after: startOf(event.target.value) })}
        className="!w-36"
      />
      <Input
        type="date"
        aria-label={s.until}
        value={dayOf(last)}
        onChange={(event) => {
          const start = startOf(event.target.value)
          set({ before: start === undefined ? undefined : start + DAY_MS })
        }}
        className="!w-36"
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
