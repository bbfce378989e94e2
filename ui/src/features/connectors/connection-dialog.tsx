import { useMutation, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useMemo, useState } from 'react'
import { api, ApiProblem, problemText, send } from '@/api/client'
import type { Connection, Connector } from '@/api/types'
import { isObject, type JsonObject } from '@/model/json'
import { schemaFields } from '@/model/schema'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Note, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { strings as s } from './strings'

const SchemaForm = lazy(() => import('@/components/schema-form/schema-form'))

type Values = Record<string, unknown>

/** Settings and secrets as one form; stored secrets need not be typed again. */
function mergedSchema(connector: Connector, editing: boolean): JsonObject {
  const settings = isObject(connector.settings_schema) ? connector.settings_schema : {}
  const secrets = isObject(connector.secrets_schema) ? connector.secrets_schema : {}
  const own = isObject(settings.properties) ? settings.properties : {}
  const hidden = isObject(secrets.properties) ? secrets.properties : {}
  const properties: JsonObject = { ...own }
  for (const [name, field] of Object.entries(hidden)) {
    properties[name] = { ...(isObject(field) ? field : {}), writeOnly: true, ...(editing ? { description: s.secretKept } : {}) }
  }
  const list = (value: unknown) => (Array.isArray(value) ? (value as string[]) : [])
  const secretNames = new Set(schemaFields({ properties }).filter((field) => field.secret).map((field) => field.name))
  const required = [...list(settings.required), ...list(secrets.required)].filter((name) => !(editing && secretNames.has(name)))
  return { type: 'object', properties, required }
}

function split(values: Values, schema: JsonObject): { settings: Values; secrets: Values } {
  const secret = new Set(schemaFields(schema).filter((field) => field.secret).map((field) => field.name))
  const settings: Values = {}
  const secrets: Values = {}
  for (const [name, value] of Object.entries(values)) {
    if (secret.has(name)) {
      if (value !== undefined && value !== '') secrets[name] = value
    } else settings[name] = value
  }
  return { settings, secrets }
}

/** Makes or edits a connection with the form its connector asks for. */
export function ConnectionDialog({ connector, connection, onClose }: { connector: Connector; connection?: Connection; onClose: () => void }) {
  const [name, setName] = useState(connection?.name ?? connector.name)
  const [values, setValues] = useState<Values>(connection?.settings ?? {})
  const schema = useMemo(() => mergedSchema(connector, connection !== undefined), [connector, connection])
  const client = useQueryClient()
  const save = useMutation({
    mutationFn: (given: Values) => {
      const { settings, secrets } = split(given, schema)
      return connection
        ? send(api.PATCH('/api/v1/connections/{id}', { params: { path: { id: connection.id } }, body: { name, settings, secrets } }))
        : send(api.POST('/api/v1/connections', { body: { connector: connector.name, name, settings, secrets } }))
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['connections'] })
      toast.ok(s.saved)
      onClose()
    },
  })
  const errors = save.error instanceof ApiProblem ? (save.error.problem.errors ?? []).map((error) => ({ ...error, pointer: error.pointer?.replace(/^\/(settings|secrets)/, '') })) : []
  const title = connector.title || connector.name
  return (
    <Dialog open onClose={onClose} title={connection ? s.editTitle(connection.name) : s.addTitle(title)}>
      <div className="flex flex-col gap-3">
        <Field label={s.name}>{(props) => <Input {...props} value={name} onChange={(event) => setName(event.target.value)} />}</Field>
        {save.error && errors.length === 0 && <Note tone="bad">{problemText(save.error)}</Note>}
        <Suspense fallback={<Skeleton className="h-24" />}>
          <SchemaForm id={connector.name} schema={schema} values={values} errors={errors} busy={save.isPending} submitLabel={s.save} onChange={setValues} onSubmit={(given) => save.mutate(given)} />
        </Suspense>
      </div>
    </Dialog>
  )
}

export function RemoveConnection({ connection, onClose }: { connection: Connection; onClose: () => void }) {
  const client = useQueryClient()
  const remove = useMutation({
    mutationFn: () => send(api.DELETE('/api/v1/connections/{id}', { params: { path: { id: connection.id } } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['connections'] })
      toast.ok(s.removed)
      onClose()
    },
  })
  return (
    <Dialog open onClose={onClose} title={s.removeTitle(connection.name)} description={s.removeText}>
      {remove.error && <Note tone="bad">{problemText(remove.error)}</Note>}
      <div className="flex justify-end gap-2"><Button onClick={onClose}>{s.keep}</Button><Button look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>{s.remove}</Button></div>
    </Dialog>
  )
}
