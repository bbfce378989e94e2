import { Plus } from 'lucide-react'
import { lazy, Suspense, useMemo, useState } from 'react'
import type { CollectForm } from '@/model/document'
import { isObject, type Json, type JsonObject } from '@/model/json'
import { Button } from '@/ui/button'
import { Checkbox, Field, Input, Select } from '@/ui/field'
import { Skeleton } from '@/ui/states'
import { useBuilder } from '../context'
import { DurationField, Group, movedUp, NameInput, PairsField, RowButtons, TextField } from '../fields'
import { strings } from '../strings'
import { FormOverChannels } from './form-over-channels'

const s = strings.form
const SchemaForm = lazy(() => import('@/components/schema-form/schema-form'))

type FormField = { name: string; schema: JsonObject; required: boolean }

const TYPES: Record<string, JsonObject> = {
  string: { type: 'string' },
  email: { type: 'string', format: 'email' },
  long: { type: 'string', maxLength: 4000 },
  number: { type: 'number' },
  integer: { type: 'integer' },
  boolean: { type: 'boolean' },
  choice: { type: 'string', enum: s.newChoices },
  date: { type: 'string', format: 'date' },
}

function kindOf(schema: JsonObject): string {
  if (Array.isArray(schema.enum)) return 'choice'
  if (schema.format === 'email' || schema.format === 'date') return schema.format
  if (schema.type === 'string') return Number(schema.maxLength ?? 0) > 200 ? 'long' : 'string'
  return typeof schema.type === 'string' && Object.hasOwn(TYPES, schema.type) ? schema.type : 'string'
}

function withLength(schema: JsonObject, text: string): JsonObject {
  const { maxLength: _old, ...rest } = schema
  return text === '' ? rest : { ...rest, maxLength: Number(text) }
}

function read(form: Json): FormField[] {
  const properties = isObject(form) && isObject(form.properties) ? form.properties : {}
  const required = isObject(form) && Array.isArray(form.required) ? form.required : []
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    schema: isObject(schema) ? schema : {},
    required: required.includes(name),
  }))
}

function write(form: Json, fields: FormField[]): JsonObject {
  return {
    ...(isObject(form) ? form : {}),
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, field.schema])),
    required: fields.filter((field) => field.required).map((field) => field.name),
  }
}

function FieldRow({
  field,
  index,
  only,
  fresh,
  taken,
  change,
  up,
  remove,
}: {
  field: FormField
  index: number
  only: boolean
  fresh: boolean
  taken: (name: string) => boolean
  change: (field: FormField) => void
  up: () => void
  remove: () => void
}) {
  const kind = kindOf(field.schema)
  const title = typeof field.schema.title === 'string' ? field.schema.title : ''
  return (
    <li data-field={`form.properties.${field.name}`} className="flex flex-col gap-2 rounded-md border border-line p-2">
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
        <Field label={s.fieldTitle}>
          {(props) => (
            <Input
              {...props}
              autoFocus={fresh}
              value={title}
              onChange={(event) => change({ ...field, schema: { ...field.schema, title: event.target.value } })}
            />
          )}
        </Field>
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
        <Field label={s.fieldType}>
          {(props) => (
            <Select
              {...props}
              value={kind}
              onChange={(event) => change({ ...field, schema: { ...TYPES[event.target.value], title } })}
            >
              {Object.entries(s.types).map(([id, name]) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <div className="flex items-end pb-1.5">
          <Checkbox
            label={s.required}
            checked={field.required}
            onChange={(event) => change({ ...field, required: event.target.checked })}
          />
        </div>
      </div>
      {field.schema.type === 'string' && kind !== 'choice' && kind !== 'date' && (
        <Field label={s.longest}>
          {(props) => (
            <Input
              {...props}
              type="number"
              min={1}
              value={typeof field.schema.maxLength === 'number' ? field.schema.maxLength : ''}
              onChange={(event) => change({ ...field, schema: withLength(field.schema, event.target.value) })}
            />
          )}
        </Field>
      )}
      {kind === 'choice' && (
        <Field label={s.choices}>
          {(props) => (
            <Input
              {...props}
              defaultValue={(field.schema.enum as string[]).join(', ')}
              onBlur={(event) =>
                change({
                  ...field,
                  schema: {
                    ...field.schema,
                    enum: event.target.value
                      .split(',')
                      .map((word) => word.trim())
                      .filter(Boolean),
                  },
                })
              }
            />
          )}
        </Field>
      )}
    </li>
  )
}

export function CollectFormEditor({ id, step }: { id: string; step: CollectForm }) {
  const builder = useBuilder()
  const place = useMemo(() => ({ kind: 'set' as const, step: id }), [id])
  const [sample, setSample] = useState<Record<string, unknown>>({})
  const [added, setAdded] = useState(-1)
  const fields = read(step.form)
  const set = (next: FormField[]) =>
    builder.perform({ op: 'set_field', id, path: ['form'], value: write(step.form, next) })
  const fresh = () => {
    for (let number = 1; ; number += 1)
      if (!fields.some((field) => field.name === `field_${number}`)) return `field_${number}`
  }
  return (
    <>
      <TextField id={id} path={['prompt']} label={s.prompt} rows={2} mode="template" />
      <Group title={s.fields} field="form">
        <ol className="flex flex-col gap-2">
          {fields.map((field, index) => (
            <FieldRow
              key={index}
              field={field}
              index={index}
              only={fields.length === 1}
              fresh={index === added}
              taken={(name) => fields.some((one) => one.name === name)}
              change={(next) => set(fields.map((old, at) => (at === index ? next : old)))}
              up={() => set(movedUp(fields, index))}
              remove={() => set(fields.filter((_, at) => at !== index))}
            />
          ))}
        </ol>
        <div>
          <Button
            small
            icon={<Plus size={13} />}
            onClick={() => {
              setAdded(fields.length)
              set([...fields, { name: fresh(), schema: { type: 'string', title: '' }, required: false }])
            }}
          >
            {s.add}
          </Button>
        </div>
        <TextField id={id} path={['form', 'title']} label={s.heading} />
        <TextField id={id} path={['submit']} label={s.submit} />
      </Group>
      <FormOverChannels
        form={step.form}
        prompt={step.prompt ?? ''}
        submit={step.submit || strings.run.submit}
        inline={
          <div className="rounded-2xl rounded-bl-md border border-line-strong p-4">
            {step.prompt && <p className="mb-3 text-[15px] whitespace-pre-wrap">{step.prompt}</p>}
            <Suspense fallback={<Skeleton className="h-20" />}>
              <SchemaForm
                id={`preview-${id}`}
                schema={step.form}
                values={sample}
                large
                submitLabel={step.submit || strings.run.submit}
                onChange={setSample}
                onSubmit={() => undefined}
              />
            </Suspense>
          </div>
        }
      />
      <PairsField id={id} path={['prefill']} label={s.prefill} first="{{ customer.email }}" />
      <PairsField id={id} path={['set']} label={strings.tool.set} place={place} />
      {step.timeout && <DurationField id={id} path={['timeout', 'after']} label={s.timeout} required />}
    </>
  )
}
