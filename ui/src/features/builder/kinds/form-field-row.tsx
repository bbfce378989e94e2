import { RATING_MAX, ratingMost } from '@/model/field-kind'
import type { JsonObject } from '@/model/json'
import { Checkbox, Field, Input, Select, Textarea } from '@/ui/field'
import { NameInput, RowButtons, TextField } from '../fields'
import { strings } from '../strings'
import { AskedWhen } from './asked-when'
import {
  choicesOf,
  hasPlainChoices,
  kindOf,
  TYPES,
  typesOffered,
  withChoices,
  withLength,
  withRequired,
  withTitle,
  type FormField,
} from './form-fields'

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

/** The field as another type; what is only read is not required, and a consent is. */
function typed(field: FormField, type: string): FormField {
  const required = type === 'consent' || (type !== 'summary' && field.required)
  return withRequired({ ...field, schema: { ...TYPES[type], title: titleOf(field.schema) } }, required)
}

function TypeField({ field, change, paged }: Part & { paged: boolean }) {
  const { schema } = field
  return (
    <Field label={s.fieldType}>
      {(props) => (
        <Select {...props} value={kindOf(schema)} onChange={(event) => change(typed(field, event.target.value))}>
          {typesOffered(paged).map(([id, name]) => (
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
  const set = (more: JsonObject) => change({ ...field, schema: { ...schema, ...more } })
  if (kind === 'money')
    return (
      <Field label={s.currency} hint={s.currencyHint}>
        {(props) => (
          <Input
            {...props}
            maxLength={3}
            value={typeof schema.currency === 'string' ? schema.currency : ''}
            onChange={(event) => set({ currency: event.target.value.toUpperCase() })}
          />
        )}
      </Field>
    )
  if (kind === 'rating')
    return (
      <Field label={s.ratingMost}>
        {(props) => (
          <Select
            {...props}
            value={ratingMost(schema) ?? 5}
            onChange={(event) => set({ maximum: Number(event.target.value) })}
          >
            {Array.from({ length: RATING_MAX - 1 }, (_, index) => index + 2).map((most) => (
              <option key={most}>{most}</option>
            ))}
          </Select>
        )}
      </Field>
    )
  if (kind === 'consent')
    return (
      <Field label={s.consentText}>
        {(props) => (
          <Textarea
            {...props}
            rows={2}
            value={typeof schema.description === 'string' ? schema.description : ''}
            onChange={(event) => set({ description: event.target.value })}
          />
        )}
      </Field>
    )
  if (kind === 'choice' || kind === 'several') {
    // Choices with labels of their own are kept as they are.
    if (!hasPlainChoices(schema)) return null
    return (
      <Field label={s.choices}>
        {(props) => (
          <Input
            {...props}
            defaultValue={(choicesOf(schema) as string[]).join(', ')}
            onBlur={(event) => change({ ...field, schema: withChoices(schema, event.target.value) })}
          />
        )}
      </Field>
    )
  }
  if (!['string', 'long', 'email'].includes(kind) || schema.type !== 'string') return null
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
  /** The step that asks a customer; its form can have pages, and words to read. */
  step?: string
  /** The fields before it, where it can be asked for by what is chosen in them. */
  earlier?: readonly FormField[]
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
  step,
  earlier,
  field,
  index,
  only,
  fresh,
  taken,
  change,
  up,
  remove,
}: Props) {
  const paged = step !== undefined
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
        <TypeField field={field} change={change} paged={paged} />
        <div className="flex items-end pb-1.5">
          <Checkbox
            label={s.required}
            disabled={kindOf(field.schema) === 'summary'}
            checked={field.required}
            onChange={(event) => change(withRequired(field, event.target.checked))}
          />
        </div>
      </div>
      <Limits field={field} change={change} />
      {step !== undefined && kindOf(field.schema) === 'summary' && (
        <TextField
          id={step}
          path={[at, 'properties', field.name, 'description']}
          label={s.summaryText}
          rows={2}
          mode="template"
          required
        />
      )}
      {earlier && <AskedWhen field={field} earlier={earlier} change={change} />}
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
