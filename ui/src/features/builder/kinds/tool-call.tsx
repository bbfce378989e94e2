import { useQuery } from '@tanstack/react-query'
import { queries } from '@/api/queries'
import type { ToolCall } from '@/model/document'
import { retrySummary } from '@/model/duration'
import { isObject, type Json } from '@/model/json'
import { schemaFields, type SchemaField } from '@/model/schema'
import { cx } from '@/ui/cx'
import { Field, Input, Select } from '@/ui/field'
import { useBuilder } from '../context'
import { DurationField, Group, JsonField, PairsField, TextField, useStepField } from '../fields'
import { strings } from '../strings'

const s = strings.tool

/** A typed input: text is a template; numbers and yes/no may be an expression instead of a value. */
function InputField({ id, field }: { id: string; field: SchemaField }) {
  const [value, setValue] = useStepField<Json>(id, ['input', field.name])
  const label = <>{field.title}{field.required && <span className="text-bad"> *</span>} <span className="font-mono font-normal text-faint">{field.name}</span></>
  if (field.type === 'string' && !field.choices) return <TextField id={id} path={['input', field.name]} label={label} hint={field.description || undefined} placeholder={s.template} mono={typeof value === 'string' && value.includes('{{')} />
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
  return (
    <Field label={label} hint={field.description || undefined}>
      {(props) => <Input {...props} data-field={`input.${field.name}`} value={shown} placeholder={field.type === 'json' ? '{{ … }}' : `${field.type} / {{ … }}`} className="font-mono !text-xs" onChange={(event) => setValue(read(event.target.value))} />}
    </Field>
  )
}

function RetryGroup({ id, step }: { id: string; step: ToolCall }) {
  const builder = useBuilder()
  const retry = step.retry
  const set = (key: string, value: Json | undefined) => builder.perform({ op: 'set_field', id, path: ['retry', key], value })
  return (
    <Group title={s.retry}>
      <div className="grid grid-cols-2 gap-2">
        <Field label={s.retries}>{(props) => <Input {...props} type="number" min={1} max={20} value={retry?.attempts ?? 1} onChange={(event) => (Number(event.target.value) > 1 ? set('attempts', Number(event.target.value)) : builder.perform({ op: 'set_field', id, path: ['retry'], value: undefined }))} />}</Field>
        {retry && <Field label={s.backoff}>{(props) => <Select {...props} value={retry.backoff ?? 'exponential'} onChange={(event) => set('backoff', event.target.value)}><option value="exponential">{s.exponential}</option><option value="constant">{s.constant}</option></Select>}</Field>}
        {retry && <DurationField id={id} path={['retry', 'initial']} label={s.initial} hint="1s" />}
        {retry && <DurationField id={id} path={['retry', 'max']} label={s.max} hint="1m" />}
      </div>
      {retry && <p className="text-xs text-muted">{retrySummary(retry)}</p>}
      <DurationField id={id} path={['timeout']} label={strings.inspector.timeout} hint={strings.inspector.timeoutHint} />
    </Group>
  )
}

export function ToolCallEditor({ id, step }: { id: string; step: ToolCall }) {
  const builder = useBuilder()
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
      <PairsField id={id} path={['set']} label={s.set} />
      <RetryGroup id={id} step={step} />
    </>
  )
}
