import { ariaDescribedByIds, type FieldProps, type RJSFSchema, type WidgetProps } from '@rjsf/utils'
import { ratingMost, readAmount } from '@/model/field-kind'
import { cx } from '@/ui/cx'
import { BOX, size } from './box'

type Data = Record<string, unknown>
type Props = WidgetProps<Data, RJSFSchema>

const TICK = 'flex min-h-9 items-center gap-2.5 text-sm'

const STAR = cx(
  'flex min-h-11 min-w-11 items-center justify-center gap-1.5 rounded-lg border border-line-strong px-2 text-sm',
  'has-checked:border-accent has-checked:bg-accent-soft',
)

/** Any of these. */
export function CheckboxesWidget({ id, value, disabled, options, rawErrors, onChange }: Props) {
  const chosen: readonly unknown[] = Array.isArray(value) ? value : []
  const all = options.enumOptions ?? []
  const set = (one: unknown, ticked: boolean) =>
    onChange(
      all.map((option) => option.value as unknown).filter((other) => (other === one ? ticked : chosen.includes(other))),
    )
  return (
    <div
      role="group"
      aria-labelledby={`${id}__title`}
      aria-describedby={ariaDescribedByIds(id)}
      className="flex flex-col"
    >
      {all.map((option, index) => (
        <label key={index} className={TICK}>
          <input
            type="checkbox"
            id={`${id}-${index}`}
            disabled={disabled}
            checked={chosen.includes(option.value)}
            aria-invalid={rawErrors && rawErrors.length > 0 ? true : undefined}
            onChange={(event) => set(option.value, event.target.checked)}
            className="size-5 accent-accent"
          />
          {option.label}
        </label>
      ))}
    </div>
  )
}

/** From one up to as many as its schema says. */
export function RatingWidget({ id, value, disabled, schema, onChange }: Props) {
  const all = Array.from({ length: ratingMost(schema) ?? 0 }, (_, index) => index + 1)
  return (
    <div
      role="radiogroup"
      aria-labelledby={`${id}__title`}
      aria-describedby={ariaDescribedByIds(id)}
      className="flex flex-wrap gap-1.5"
    >
      {all.map((one) => (
        <label key={one} className={STAR}>
          <input
            type="radio"
            name={id}
            id={`${id}-${one}`}
            disabled={disabled}
            checked={value === one}
            onChange={() => onChange(one)}
            className="size-4 accent-accent"
          />
          {one}
        </label>
      ))}
    </div>
  )
}

/** An amount beside its currency; what is written another way is put right once it is left. */
export function MoneyWidget({
  id,
  htmlName,
  value,
  required,
  disabled,
  schema,
  options,
  rawErrors,
  registry,
  ...on
}: Props) {
  const { currency } = schema as { currency?: unknown }
  const unit = typeof currency === 'string' ? currency : ''
  const shown = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  const set = (text: string) => on.onChange(text === '' ? (options.emptyValue as unknown) : text)
  const putRight = (text: string) => {
    const read = readAmount(text, unit)
    if (read !== null && read !== text) set(read)
  }
  return (
    <div className="flex items-center gap-2">
      <span id={`${id}__unit`} className="shrink-0 text-sm whitespace-nowrap text-muted">
        {unit}
      </span>
      <input
        id={id}
        name={htmlName ?? id}
        inputMode="decimal"
        required={required}
        disabled={disabled}
        value={shown}
        aria-invalid={rawErrors && rawErrors.length > 0 ? true : undefined}
        aria-describedby={`${id}__unit ${ariaDescribedByIds(id)}`}
        onChange={(event) => set(event.target.value)}
        onKeyDown={(event) => {
          // With this key it is sent as it stands.
          if (event.key === 'Enter') putRight(event.currentTarget.value)
        }}
        onBlur={(event) => {
          putRight(event.target.value)
          on.onBlur(id, event.target.value)
        }}
        className={cx(BOX, size(registry.formContext))}
      />
    </div>
  )
}

/** Words to read; nothing is answered. */
export function SummaryField({ schema }: FieldProps<Data, RJSFSchema>) {
  return (
    <section className="rounded-lg border border-line bg-sunken p-3 text-sm">
      {schema.title && <p className="mb-1 font-medium">{schema.title}</p>}
      <p className="break-words whitespace-pre-wrap">{schema.description}</p>
    </section>
  )
}
