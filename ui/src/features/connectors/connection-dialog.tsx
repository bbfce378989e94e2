import { useMutation, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useMemo, useState } from 'react'
import { ApiProblem, problemText } from '@/api/client'
import type { ChannelAccount, ChannelKind, Connection, Connector } from '@/api/types'
import { ConfirmDialog } from '@/components/form-dialog'
import { isObject, type JsonObject } from '@/model/json'
import { schemaFields } from '@/model/schema'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Note, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { strings as s } from './strings'

const SchemaForm = lazy(() => import('@/components/schema-form/schema-form'))

type Values = Record<string, unknown>

/** Where the limits stand in the form: a group of their own, under a name that no setting has. */
const LIMITS = '$limits'

type Kind = { name: string; settings_schema: unknown; secrets_schema: unknown; limits_schema?: unknown }

const limitsOf = (kind: Kind): JsonObject =>
  isObject(kind.limits_schema) && isObject(kind.limits_schema.properties) ? kind.limits_schema.properties : {}

/** Settings with those that are limits in a group, and back. */
function grouped(kind: Kind, settings: Values): Values {
  const limits = limitsOf(kind)
  const of = (own: boolean) => Object.fromEntries(Object.entries(settings).filter(([name]) => name in limits !== own))
  const group = of(false)
  return Object.keys(group).length > 0 ? { ...of(true), [LIMITS]: group } : of(true)
}
/** Where a complaint about a setting belongs in the form. */
const placed = (kind: Kind, pointer: string) =>
  (pointer.split('/')[1] ?? '') in limitsOf(kind) ? `/${LIMITS}${pointer}` : pointer
const ungrouped = ({ [LIMITS]: group, ...own }: Values): Values => ({ ...own, ...(isObject(group) ? group : {}) })

/** Settings and secrets as one form, limits last; stored secrets need not be typed again. */
function mergedSchema(connector: Kind, editing: boolean): JsonObject {
  const settings = isObject(connector.settings_schema) ? connector.settings_schema : {}
  const secrets = isObject(connector.secrets_schema) ? connector.secrets_schema : {}
  const own = isObject(settings.properties) ? settings.properties : {}
  const hidden = isObject(secrets.properties) ? secrets.properties : {}
  const properties: JsonObject = { ...own }
  for (const [name, field] of Object.entries(hidden)) {
    properties[name] = {
      ...(isObject(field) ? field : {}),
      writeOnly: true,
      ...(editing ? { description: s.secretKept } : {}),
    }
  }
  const limits = limitsOf(connector)
  if (Object.keys(limits).length > 0) properties[LIMITS] = { type: 'object', title: s.limits, properties: limits }
  const list = (value: unknown) => (Array.isArray(value) ? (value as string[]) : [])
  const secretNames = new Set(
    schemaFields({ properties })
      .filter((field) => field.secret)
      .map((field) => field.name),
  )
  const required = [...list(settings.required), ...list(secrets.required)].filter(
    (name) => !(editing && secretNames.has(name)),
  )
  return { type: 'object', properties, required }
}

function split(values: Values, schema: JsonObject): { settings: Values; secrets: Values } {
  const secret = new Set(
    schemaFields(schema)
      .filter((field) => field.secret)
      .map((field) => field.name),
  )
  const settings: Values = {}
  const secrets: Values = {}
  for (const [name, value] of Object.entries(values)) {
    if (secret.has(name)) {
      if (value !== undefined && value !== '') secrets[name] = value
    } else settings[name] = value
  }
  return { settings, secrets }
}

type Saved = { name: string; settings: Values; secrets: Values }
type Props = {
  kind: Kind
  existing?: { name: string; settings: Values }
  title: string
  /** Untested: although its service refused it. */
  save: (values: Saved, untested: boolean) => Promise<unknown>
  /** Which list to read again. */
  list: string
  /** Where people come back to who connect it, if they do. */
  callback?: string | null
  onClose: () => void
}

/** Makes or edits an account, a connector's or a channel's, with the form its kind asks for. */
function AccountDialog({ kind, existing, title, save, list, callback, onClose }: Props) {
  const [name, setName] = useState(existing?.name ?? kind.name)
  const [values, setValues] = useState<Values>(() => grouped(kind, existing?.settings ?? {}))
  const schema = useMemo(() => mergedSchema(kind, existing !== undefined), [kind, existing])
  const client = useQueryClient()
  const onSuccess = () => {
    void client.invalidateQueries({ queryKey: [list] })
    toast.ok(s.saved)
    onClose()
  }
  const send = (given: Values, untested: boolean) => save({ name, ...split(ungrouped(given), schema) }, untested)
  const saving = useMutation({ mutationFn: (given: Values) => send(given, false), onSuccess })
  // Apart from it, so that the refusal stands until this is answered.
  const forcing = useMutation({ mutationFn: (given: Values) => send(given, true), onSuccess })
  const refused = saving.error instanceof ApiProblem && saving.error.code === 'connection_refused'
  const error = refused ? forcing.error : saving.error
  const errors =
    error instanceof ApiProblem
      ? (error.problem.errors ?? []).map((one) => ({
          ...one,
          pointer: placed(kind, one.pointer.replace(/^\/(settings|secrets)/, '')),
        }))
      : []
  return (
    <Dialog open onClose={onClose} title={title}>
      <div className="flex flex-col gap-3">
        <Field label={s.name}>
          {(props) => <Input {...props} value={name} onChange={(event) => setName(event.target.value)} />}
        </Field>
        {callback && (
          <Note tone="muted">
            {s.tokens.callback} <code className="font-mono text-xs break-all select-all">{callback}</code>{' '}
            {s.tokens.afterSaving}
          </Note>
        )}
        {error && errors.length === 0 && <Note tone="bad">{problemText(error)}</Note>}
        {refused && (
          <Note tone="bad">
            <strong className="block font-medium">{s.refused}</strong>
            <span className="block break-words">{saving.error?.message}</span>
            <span className="mt-2 block">
              <Button small busy={forcing.isPending} onClick={() => forcing.mutate(saving.variables ?? values)}>
                {s.saveUntested}
              </Button>
            </span>
          </Note>
        )}
        <Suspense fallback={<Skeleton className="h-24" />}>
          <SchemaForm
            id={kind.name}
            schema={schema}
            values={values}
            errors={errors}
            busy={saving.isPending || forcing.isPending}
            submitLabel={s.save}
            onChange={(changed) => {
              // What was refused is another account now.
              if (refused) saving.reset()
              forcing.reset()
              setValues(changed)
            }}
            onSubmit={(given) => {
              forcing.reset()
              saving.mutate(given)
            }}
          />
        </Suspense>
      </div>
    </Dialog>
  )
}

export function ConnectionDialog({
  connector,
  connection,
  onClose,
}: {
  connector: Connector
  connection?: Connection
  onClose: () => void
}) {
  const save = (body: Saved, untested: boolean) =>
    connection
      ? writes.changeConnection(connection.id, body, untested)
      : writes.addConnection({ ...body, connector: connector.name }, untested)
  return (
    <AccountDialog
      kind={connector}
      existing={connection}
      title={connection ? s.editTitle(connection.name) : s.addTitle(connector.title || connector.name)}
      save={save}
      list="connections"
      callback={connector.oauth_callback}
      onClose={onClose}
    />
  )
}

export function ChannelDialog({
  kind,
  account,
  onClose,
}: {
  kind: ChannelKind
  account?: ChannelAccount
  onClose: () => void
}) {
  const save = (body: Saved) =>
    account ? writes.changeChannel(account.id, body) : writes.addChannel({ ...body, channel: kind.channel })
  const named = useMemo(() => ({ ...kind, name: kind.channel }), [kind])
  return (
    <AccountDialog
      kind={named}
      existing={account}
      title={account ? s.editTitle(account.name) : s.addTitle(kind.title)}
      save={save}
      list="channels"
      onClose={onClose}
    />
  )
}

/** Takes a connection or a channel away, after asking. */
export function RemoveAccount({
  account,
  list,
  onClose,
}: {
  account: { id: string; name: string }
  list: 'connections' | 'channels'
  onClose: () => void
}) {
  const client = useQueryClient()
  const remove = useMutation({
    mutationFn: () => writes.remove(list, account.id),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: [list] })
      toast.ok(s.removed)
      onClose()
    },
  })
  const used = remove.error instanceof ApiProblem && remove.error.code === 'connection_used'
  return (
    <ConfirmDialog
      title={s.removeTitle(account.name)}
      text={list === 'connections' ? s.removeConnectionText : s.removeText}
      words={{ keep: s.keep, confirm: s.remove }}
      sending={remove}
      refused={used}
      onConfirm={remove.mutate}
      onClose={onClose}
    />
  )
}
