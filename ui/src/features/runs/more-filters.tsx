import { X } from 'lucide-react'
import type { RunFilters } from '@/api/queries'
import { Field, Input } from '@/ui/field'
import { strings } from './strings'

const s = strings.filters

/** Local date and time as a `datetime-local` box writes it. */
function local(at: number | undefined): string {
  if (at === undefined) return ''
  const time = new Date(at)
  return new Date(at - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

function Text({ label, value, onChange, numeric }: { label: string; value: string | number | undefined; onChange: (value: string | undefined) => void; numeric?: boolean }) {
  return (
    <Field label={label} className="w-36">
      {(props) => (
        <Input
          {...props}
          key={value}
          defaultValue={value}
          inputMode={numeric ? 'numeric' : undefined}
          onBlur={(event) => event.target.value !== String(value ?? '') && onChange(event.target.value.trim() || undefined)}
          onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
        />
      )}
    </Field>
  )
}

/** The filters that are not needed every day. */
export function MoreFilters({ filters, set }: { filters: RunFilters; set: (change: RunFilters) => void }) {
  const moment = (text: string) => (text === '' ? undefined : new Date(text).getTime())
  return (
    <div role="group" aria-label={s.label} className="flex flex-wrap items-end gap-3 border-b border-line bg-sunken px-4 py-3">
      <Text label={s.step} value={filters.step} onChange={(step) => set({ step })} />
      <Text label={s.error} value={filters.error} onChange={(error) => set({ error })} />
      <Text label={s.version} numeric value={filters.version} onChange={(version) => set({ version: version && /^\d+$/.test(version) ? Number(version) : undefined })} />
      <Text label={s.customer} value={filters.customer} onChange={(customer) => set({ customer })} />
      <Field label={s.after} className="w-52">{(props) => <Input {...props} type="datetime-local" value={local(filters.after)} onChange={(event) => set({ after: moment(event.target.value) })} />}</Field>
      <Field label={s.before} className="w-52">{(props) => <Input {...props} type="datetime-local" value={local(filters.before)} onChange={(event) => set({ before: moment(event.target.value) })} />}</Field>
    </div>
  )
}

/** What narrows the list besides status, workflow and text, each to be taken away. */
export function FilterChips({ filters, set }: { filters: RunFilters; set: (change: RunFilters) => void }) {
  const chips: [keyof RunFilters, string][] = [
    ...(filters.step ? [['step', `${s.step}: ${filters.step}`] as [keyof RunFilters, string]] : []),
    ...(filters.error ? [['error', `${s.error}: ${filters.error}`] as [keyof RunFilters, string]] : []),
    ...(filters.version !== undefined ? [['version', `${s.version}: ${filters.version}`] as [keyof RunFilters, string]] : []),
    ...(filters.customer ? [['customer', `${s.customer}: ${filters.customer.slice(0, 13)}`] as [keyof RunFilters, string]] : []),
    ...(filters.before !== undefined ? [['before', `${s.before}: ${new Date(filters.before).toLocaleString()}`] as [keyof RunFilters, string]] : []),
  ]
  if (chips.length === 0) return null
  return (
    <ul aria-label={s.active} className="flex flex-wrap gap-1.5 px-4 py-2">
      {chips.map(([name, label]) => (
        <li key={name}>
          <button type="button" aria-label={s.remove(label)} onClick={() => set({ [name]: undefined })} className="inline-flex items-center gap-1 rounded-full border border-line-strong px-2 py-0.5 text-xs hover:bg-hover">
            {label} <X size={12} aria-hidden />
          </button>
        </li>
      ))}
    </ul>
  )
}
