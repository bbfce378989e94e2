import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { ApiProblem } from '@/api/client'
import { queries } from '@/api/queries'
import type { ActionSpec } from '@/api/types'
import { useMay } from '@/app/session'
import { strings as trying } from '@/components/try-action/strings'
import { KeptSample, useKeepSample, useSamples } from '@/components/kept-sample'
import { TryAction } from '@/components/try-action/try-action'
import { withKept } from '@/model/expression/sample'
import type { ToolCall } from '@/model/document'
import { isObject, type Json, type JsonObject } from '@/model/json'
import { schemaFields, type SchemaField } from '@/model/schema'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Field, Select } from '@/ui/field'
import { toast } from '@/ui/toast'
import { useBuilder } from '../context'
import { Group, JsonField, PairsField } from '../fields'
import { RetryGroup } from '../retry-group'
import { strings } from '../strings'
import { ActionField } from './action-field'
import { InDoubtGroup } from './in-doubt'
import { StepInput } from './input-field'
import { riskOf } from '@/model/risk'

const s = strings.tool

/** Whether something is given that no field shows. */
function hasExtra(input: Json | undefined, fields: readonly SchemaField[]): boolean {
  if (!isObject(input)) return input !== undefined
  return Object.entries(input).some(([name, value]) => {
    const field = fields.find((one) => one.name === name)
    return !field || (field.fields !== null && isObject(value) && hasExtra(value, field.fields))
  })
}

/** What of a step's input stands as it is: an expression has no value before there is a run. */
function literal(input: Json | undefined): JsonObject {
  if (!isObject(input)) return {}
  const plain = Object.entries(input).filter(([, value]) => !JSON.stringify(value).includes('{{'))
  return Object.fromEntries(plain)
}

/** Tries the step's action; what it answered can be what expressions are tried on. */
function TryStep({ id, step, action }: { id: string; step: ToolCall; action: ActionSpec }) {
  const builder = useBuilder()
  const kept = useSamples(builder.id).find((one) => one.of === 'step' && one.id === id)
  const { keep: keeping, remove } = useKeepSample(builder.id, 'step', id)
  const [open, setOpen] = useState(false)
  if (!useMay('builder')) return null
  const keep = (output: unknown) =>
    keeping.mutate(output ?? null, {
      onSuccess: () => {
        const edited = builder.sample.get()
        if (edited) builder.sample.set(withKept(edited, [{ id, value: output as Json }]))
        toast.ok(trying.kept)
        setOpen(false)
      },
    })
  return (
    <div className="flex flex-col items-start gap-1">
      <Button small aria-label={trying.openNamed(action.name)} onClick={() => setOpen(true)}>
        {trying.open}
      </Button>
      {open && (
        <TryAction
          action={action}
          connection={step.connection}
          input={literal(step.input)}
          onKeep={keep}
          onClose={() => setOpen(false)}
        />
      )}
      {kept && <KeptSample sample={kept} removing={remove} />}
    </div>
  )
}

export function ToolCallEditor({ id, step }: { id: string; step: ToolCall }) {
  const builder = useBuilder()
  const place = useMemo(() => ({ kind: 'set' as const, step: id }), [id])
  const { data: action, error } = useQuery(queries.action(step.action))
  const gone = error instanceof ApiProblem && error.status === 404
  const { data: connections } = useQuery(queries.connections())
  const risk = action && riskOf(action, step.input)
  const own = connections?.items.filter((connection) => connection.connector === step.action.split('.')[0]) ?? []
  const fields = schemaFields(action?.input)
  return (
    <>
      <ActionField id={id} hint={action ? action.description : gone ? s.unknown : s.actionHint} />
      {risk && <p className={cx('text-xs', risk === 'high' ? 'text-bad' : 'text-faint')}>{s.risk[risk]}</p>}
      {own.length > 1 && (
        <Field label={s.connection}>
          {(props) => (
            <Select
              {...props}
              data-field="connection"
              value={step.connection ?? ''}
              onChange={(event) =>
                builder.perform({ op: 'set_field', id, path: ['connection'], value: event.target.value || undefined })
              }
            >
              <option value="">{s.anyConnection}</option>
              {own.map((one) => (
                <option key={one.id} value={one.name}>
                  {one.name}
                </option>
              ))}
            </Select>
          )}
        </Field>
      )}
      <Group title={s.input}>
        {fields.map((field) => (
          <StepInput key={`${step.action} ${field.name}`} id={id} field={field} />
        ))}
        {(fields.length === 0 || hasExtra(step.input, fields)) && (
          <JsonField
            label={s.otherInput}
            field="input"
            template
            value={step.input}
            onChange={(value) => builder.perform({ op: 'set_field', id, path: ['input'], value: value ?? {} })}
          />
        )}
      </Group>
      {action && <TryStep key={action.name} id={id} step={step} action={action} />}
      <PairsField id={id} path={['set']} label={s.set} place={place} />
      <RetryGroup id={id} step={step} />
      <InDoubtGroup id={id} />
    </>
  )
}
