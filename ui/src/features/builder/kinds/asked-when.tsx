import { conditionsOf } from '@/model/form-when'
import type { Json } from '@/model/json'
import { Checkbox, Field, Select } from '@/ui/field'
import { strings } from '../strings'
import { offeredBy, type FormField } from './form-fields'

const s = strings.form

/** What has to be chosen in an earlier field for this one to be asked for. */
export function AskedWhen({
  field,
  earlier,
  change,
}: {
  field: FormField
  earlier: readonly FormField[]
  change: (field: FormField) => void
}) {
  const conditions = conditionsOf(field.schema)
  const choosable = earlier.filter((one) => offeredBy(one.schema).length > 0)
  if (choosable.length === 0 && conditions.length === 0) return null
  if (conditions.length > 1) return <p className="text-xs text-faint">{s.askedWhenMany}</p>
  const [of = '', wanted = []] = conditions[0] ?? []
  const source = choosable.find((one) => one.name === of)
  const set = (when: Record<string, Json> | undefined) => {
    const { when: _old, ...rest } = field.schema
    change({ ...field, schema: when === undefined ? rest : { ...rest, when } })
  }
  const choose = (name: string) => {
    const first = choosable.find((one) => one.name === name)
    set(first && { [name]: offeredBy(first.schema)[0]?.value ?? null })
  }
  const tick = (value: Json, ticked: boolean) => {
    const all = source ? offeredBy(source.schema).map((one) => one.value) : []
    const next = all.filter((one) => (one === value ? ticked : wanted.includes(one)))
    if (next.length > 0) set({ [of]: next.length === 1 ? (next[0] ?? null) : next })
  }
  return (
    <div data-field={`form.properties.${field.name}.when`} className="flex flex-col gap-1.5">
      <Field label={s.askedWhen}>
        {(props) => (
          <Select {...props} value={of} onChange={(event) => choose(event.target.value)}>
            <option value="">{s.askedAlways}</option>
            {of !== '' && !source && <option value={of}>{of}</option>}
            {choosable.map((one) => (
              <option key={one.name} value={one.name}>
                {typeof one.schema.title === 'string' && one.schema.title !== '' ? one.schema.title : one.name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {source && (
        <fieldset className="flex flex-wrap gap-x-3 gap-y-1">
          <legend className="sr-only">{s.askedChosen}</legend>
          {offeredBy(source.schema).map((one) => (
            <Checkbox
              key={one.label}
              label={one.label}
              checked={wanted.includes(one.value)}
              onChange={(event) => tick(one.value, event.target.checked)}
            />
          ))}
        </fieldset>
      )}
    </div>
  )
}
