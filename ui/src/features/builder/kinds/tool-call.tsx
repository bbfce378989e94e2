import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { queries } from '@/api/queries'
import type { ToolCall } from '@/model/document'
import { isObject, type Json } from '@/model/json'
import { schemaFields, type SchemaField } from '@/model/schema'
import { cx } from '@/ui/cx'
import { Field, Select } from '@/ui/field'
import { useBuilder } from '../context'
import { ExpressionField } from '../expression-field'
import { Group, JsonField, PairsField, TextField, useStepField } from '../fields'
import { RetryGroup } from '../retry-group'
import { strings } from '../strings'

const s = strings.tool

/** A typed input: text is a template; numbers and yes/no may be an expression instead of a value. */
function InputField({ id, field }: { id: string; field: SchemaField }) {
  const [value, setValue] = useStepField<Json>(id, ['input', field.name])
  const label = <>{field.title}{field.required && <span className="text-bad"> *</span>} <span className="font-mono font-normal text-faint">{field.name}</span></>
  if (field.type === 'string' && !field.choices) return <TextField id={id} path={['input', field.name]} label={label} name={field.title} hint={field.description || undefined} placeholder={s.template} mode="template" />
  if (field.choices && (value === undefined || field.choices.includes(value as string))) {
    return (
      <Field label={label} hint={field.description || undefined}>
        {(props) => <Select {...props} value={(value as string | undefined) ?? ''} onChange={(event) => setValue(event.target.value || undefined)}><option value="" />{field.choices?.map((choice) => <option key={choice}>{choice}</option>)}</Select>}
      </Field>
    )
  }
  const shown = value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  const read = (text: string): Json | undefined => {
    if (text === '') return undefined
    if (text.includes('{{')) return text
    try {
      return JSON.parse(text) as Json
    } catch {
      return text
    }
  }
  return <ExpressionField label={label} name={field.title} field={`input.${field.name}`} hint={field.description || undefined} mode="template" value={shown} placeholder={field.type === 'json' ? '{{ … }}' : `${field.type} / {{ … }}`} onChange={(text) => setValue(read(text))} />
}

export function ToolCallEditor({ id, step }: { id: string; step: ToolCall }) {
  const builder = useBuilder()
  const place = useMemo(() => ({ kind: 'set' as const, step: id }), [id])
  const { data: connectors } = useQuery(queries.connectors())
  const { data: connections } = useQuery(queries.connections())
  const actions = connectors?.items.flatMap((connector) => connector.actions) ?? []
  const action = actions.find((one) => one.name === step.action)
  const own = connections?.items.filter((connection) => connection.connector === step.action.split('.')[0]) ?? []
  const fields = schemaFields(action?.input)
  const known = new Set(fields.map((field) => field.name))
  const extra = isObject(step.input) ? Object.keys(step.input).some((name) => !known.has(name)) : step.input !== undefined
  return (
    <>
      <TextField id={id} path={['action']} label={s.action} hint={action ? action.description : step.action && connectors ? s.unknown : s.actionHint} mono required list="builder-actions" />
      <datalist id="builder-actions">{actions.map((one) => <option key={one.name} value={one.name}>{one.title}</option>)}</datalist>
      {action && <p className={cx('text-xs', action.risk === 'high' ? 'text-bad' : 'text-faint')}>{s.risk[action.risk]}</p>}
      {own.length > 1 && (
        <Field label={s.connection}>
          {(props) => <Select {...props} value={step.connection ?? ''} onChange={(event) => builder.perform({ op: 'set_field', id, path: ['connection'], value: event.target.value || undefined })}><option value="">{s.anyConnection}</option>{own.map((one) => <option key={one.id} value={one.name}>{one.name}</option>)}</Select>}
        </Field>
      )}
      <Group title={s.input}>
        {fields.map((field) => <InputField key={field.name} id={id} field={field} />)}
        {(extra || fields.length === 0) && <JsonField label={s.otherInput} value={step.input} onChange={(value) => builder.perform({ op: 'set_field', id, path: ['input'], value: value ?? {} })} />}
      </Group>
      <PairsField id={id} path={['set']} label={s.set} place={place} />
      <RetryGroup id={id} step={step} />
    </>
  )
}
