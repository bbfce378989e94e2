import type { JsonObject } from '@/model/json'
import { Checkbox, Field, Input, Select } from '@/ui/field'
import { NameInput, RowButtons } from '../fields'
import { strings } from '../strings'
import { kindOf, TYPES, withChoices, withLength, withTitle, type FormField } from './form-fields'

const s = strings.form

type Part = { field: FormField; change: (field: FormField) => void }

function TitleField({ field, change, fresh, taken }: Part & { fresh: boolean; taken: (name: string) => boolean }) {
  return (
    <Field label={s.fieldTitle}>
      {(props) => (
        <Input
          {...props}
          autoFocus={fresh}
          value={titleOf(field.schema)}
          onChange={(event) => {
            const title = event.target.value
            // A name that steps may read already stays what it is.
            change(fresh ? withTitle(field, title, taken) : { ...field, schema: { ...field.schema, title } })
          }}
        />
      )}
    </Field>
  )
}

function TypeField({ field, change }: Part) {
  const { schema } = field
  return (
    <Field label={s.fieldType}>
      {(props) => (
        <Select
          {...props}
          value={kindOf(schema)}
          onChange={(event) => change({ ...field, schema: { ...TYPES[event.target.value], title: titleOf(schema) } })}
        >
          {Object.entries(s.types).map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
      )}
    </Field>
  )
}

/** What only some types have: how long a text may be, and what there is to choose. */
function Limits({ field, change }: Part) {
  const { schema } = field
  const kind = kindOf(schema)
  if (kind === 'choice')
    return (
      <Field label={s.choices}>
        {(props) => (
          <Input
            {...props}
            defaultValue={(schema.enum as string[]).join(', ')}
            onBlur={(event) => change({ ...field, schema: withChoices(schema, event.target.value) })}
          />
        )}
      </Field>
    )
  if (schema.type !== 'string' || kind === 'date' || kind === 'photo') return null
  return (
    <Field label={s.longest}>
      {(props) => (
        <Input
          {...props}
          type="number"
          min={1}
          value={typeof schema.maxLength === 'number' ? schema.maxLength : ''}
          onChange={(event) => change({ ...field, schema: withLength(schema, event.target.value) })}
        />
      )}
    </Field>
  )
}

const titleOf = (schema: JsonObject) => (typeof schema.title === 'string' ? schema.title : '')

type Props = Part & {
  /** Whether the form can have pages. */
  paged?: boolean
  /** The schema the field is of. */
  at?: string
  index: number
  only: boolean
  fresh: boolean
  taken: (name: string) => boolean
  up: () => void
  remove: () => void
}

/** One field of the form that a step asks for. */
export function FormFieldRow({
  at = 'form',
  paged = false,
  field,
  index,
  only,
  fresh,
  taken,
  change,
  up,
  remove,
}: Props) {
  return (
    <li data-field={`${at}.properties.${field.name}`} className="flex flex-col gap-2 rounded-md border border-line p-2">
      <div className="flex items-center gap-2">
        <span className="text-xs text-faint">
          {s.field} {index + 1}
        </span>
        <RowButtons
          first={index === 0}
          removable={!only}
          onUp={up}
          onRemove={remove}
          upLabel={s.up}
          removeLabel={strings.inspector.remove(field.name)}
        />
      </div>
      <div className="grid grid-cols-2 gap-2">
        <TitleField field={field} change={change} fresh={fresh} taken={taken} />
        <div className="flex flex-col gap-1">
          <span aria-hidden className="text-xs font-medium text-muted">
            {s.fieldName}
          </span>
          <NameInput
            label={s.fieldName}
            value={field.name}
            taken={taken}
            onCommit={(name) => change({ ...field, name })}
          />
        </div>
        <TypeField field={field} change={change} />
        <div className="flex items-end pb-1.5">
          <Checkbox
            label={s.required}
            checked={field.required}
            onChange={(event) => change({ ...field, required: event.target.checked })}
          />
        </div>
      </div>
      <Limits field={field} change={change} />
      {paged && index > 0 && (
        <Checkbox
          label={s.newPage}
          checked={field.newPage ?? false}
          onChange={(event) => {
            const { newPage: _old, ...rest } = field
            change(event.target.checked ? { ...rest, newPage: true } : rest)
          }}
        />
      )}
    </li>
  )
}
