import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { queries, type RunFilters } from '@/api/queries'
import { strings as shared } from '@/components/strings'
import { WorkflowFilter } from '@/components/workflow-filter'
import { cx } from '@/ui/cx'
import { Field, Input } from '@/ui/field'
import { localInput } from '@/ui/time'
import { CustomerFilter, useCustomerName } from './customer-filter'
import { SpanFilter } from './everyday-filters'
import { strings } from './strings'

const s = strings.filters

const local = (at: number | undefined) => (at === undefined ? '' : localInput(at))

function Text({
  label,
  value,
  onChange,
  numeric,
}: {
  label: string
  value: string | number | undefined
  onChange: (value: string | undefined) => void
  numeric?: boolean
}) {
  return (
    <Field label={label} className="w-36">
      {(props) => (
        <Input
          {...props}
          key={value}
          defaultValue={value}
          inputMode={numeric ? 'numeric' : undefined}
          onBlur={(event) =>
            event.target.value !== String(value ?? '') && onChange(event.target.value.trim() || undefined)
          }
          onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
        />
      )}
    </Field>
  )
}

/** The filters that are not needed every day; on a phone those too that have no room in the head line. */
export function MoreFilters({ filters, set }: { filters: RunFilters; set: (change: RunFilters) => void }) {
  const moment = (text: string) => (text === '' ? undefined : new Date(text).getTime())
  return (
    <div
      role="group"
      aria-label={s.label}
      className="flex flex-wrap items-end gap-3 border-b border-line bg-sunken px-4 py-3"
    >
      <WorkflowFilter value={filters.workflow} onChange={(workflow) => set({ workflow })} className="md:hidden" />
      <SpanFilter filters={filters} set={set} className="md:hidden" />
      <Text label={s.step} value={filters.step} onChange={(step) => set({ step })} />
      <Text label={s.error} value={filters.error} onChange={(error) => set({ error })} />
      <Text
        label={s.version}
        numeric
        value={filters.version}
        onChange={(version) => set({ version: version && /^\d+$/.test(version) ? Number(version) : undefined })}
      />
      <CustomerFilter value={filters.customer} onChange={(customer) => set({ customer })} />
      <Field label={s.after} className="w-52">
        {(props) => (
          <Input
            {...props}
            type="datetime-local"
            value={local(filters.after)}
            onChange={(event) => set({ after: moment(event.target.value) })}
          />
        )}
      </Field>
      <Field label={s.before} className="w-52">
        {(props) => (
          <Input
            {...props}
            type="datetime-local"
            value={local(filters.before)}
            onChange={(event) => set({ before: moment(event.target.value) })}
          />
        )}
      </Field>
    </div>
  )
}

/**
 * What narrows the list besides status and text, each to be taken away; workflow and start only where their boxes are
 * hidden.
 */
export function FilterChips({ filters, set }: { filters: RunFilters; set: (change: RunFilters) => void }) {
  const { data: workflows } = useQuery({ ...queries.workflows(), enabled: filters.workflow !== undefined })
  const customer = useCustomerName(filters.customer)
  const when = (at: number) => new Date(at).toLocaleString()
  const workflow = workflows?.items.find((one) => one.id === filters.workflow)?.name ?? filters.workflow
  const { step, error, version, before, after } = filters
  const chips: { name: keyof RunFilters; label: string; phone?: boolean }[] = [
    ...(workflow ? [{ name: 'workflow' as const, label: `${shared.workflow.label}: ${workflow}`, phone: true }] : []),
    ...(after !== undefined ? [{ name: 'after' as const, label: `${s.after}: ${when(after)}`, phone: true }] : []),
    ...(step ? [{ name: 'step' as const, label: `${s.step}: ${step}` }] : []),
    ...(error ? [{ name: 'error' as const, label: `${s.error}: ${error}` }] : []),
    ...(version !== undefined ? [{ name: 'version' as const, label: `${s.version}: ${version}` }] : []),
    ...(customer ? [{ name: 'customer' as const, label: `${s.customer}: ${customer}` }] : []),
    ...(before !== undefined ? [{ name: 'before' as const, label: `${s.before}: ${when(before)}` }] : []),
  ]
  if (chips.length === 0) return null
  return (
    <ul
      aria-label={s.active}
      className={cx('flex flex-wrap gap-1.5 px-4 py-2', chips.every((chip) => chip.phone) && 'md:hidden')}
    >
      {chips.map(({ name, label, phone }) => (
        <li key={name} className={cx(phone && 'md:hidden')}>
          <button
            type="button"
            aria-label={s.remove(label)}
            onClick={() => set({ [name]: undefined })}
            className={cx(
              'inline-flex max-w-80 items-center gap-1 rounded-full border border-line-strong px-2 py-0.5 text-xs',
              'hover:bg-hover',
            )}
          >
            <span className="truncate">{label}</span> <X size={12} aria-hidden className="shrink-0" />
          </button>
        </li>
      ))}
    </ul>
  )
}
