import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { problemText } from '@/api/client'
import type { ApiKey, Role } from '@/api/types'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Checkbox, Field, Input, Select } from '@/ui/field'
import { Note } from '@/ui/states'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { strings as s } from './strings'

const ROLES: readonly Role[] = ['viewer', 'operator', 'builder', 'admin']

const split = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)

/** The key itself, shown once. */
function NewKey({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog open onClose={onClose} title={s.createdTitle}>
      <div className="flex flex-col gap-3">
        <Note tone="ok">{s.created}</Note>
        <code className="rounded-md bg-sunken p-2 font-mono text-xs break-all select-all">{secret}</code>
        <div className="flex justify-end">
          <Button
            look="primary"
            onClick={() => void navigator.clipboard.writeText(secret).then(() => toast.ok(s.copied))}
          >
            {s.copy}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}

type Form = { name: string; role: Role; groups: string; may_decide: boolean; expires: string }
type Part = { form: Form; set: (change: Partial<Form>) => void }

function Access({ form, set }: Part) {
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <Field label={s.role}>
        {(props) => (
          <Select {...props} value={form.role} onChange={(event) => set({ role: event.target.value as Role })}>
            {ROLES.map((role) => (
              <option key={role}>{role}</option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={s.expires} hint={s.expiresHint}>
        {(props) => (
          <Input
            {...props}
            type="datetime-local"
            value={form.expires}
            onChange={(event) => set({ expires: event.target.value })}
          />
        )}
      </Field>
      <Field label={s.groups} hint={s.groupsHint} className="sm:col-span-2">
        {(props) => <Input {...props} value={form.groups} onChange={(event) => set({ groups: event.target.value })} />}
      </Field>
      <div className="flex flex-col gap-1 sm:col-span-2">
        <Checkbox
          label={s.mayDecide}
          aria-describedby="key-decides"
          checked={form.may_decide}
          onChange={(event) => set({ may_decide: event.target.checked })}
        />
        <p id="key-decides" className="text-xs text-faint">
          {s.mayDecideHint}
        </p>
      </div>
    </div>
  )
}

/** Makes a key and shows it. */
export function AddKey({ onClose }: { onClose: () => void }) {
  const [form, setForm] = useState<Form>({ name: '', role: 'operator', groups: '', may_decide: false, expires: '' })
  const set = (change: Partial<Form>) => setForm((old) => ({ ...old, ...change }))
  const client = useQueryClient()
  const create = useMutation({
    mutationFn: () =>
      writes.createKey({
        name: form.name,
        role: form.role,
        groups: split(form.groups),
        may_decide: form.may_decide,
        ...(form.expires && { expires_at: new Date(form.expires).getTime() }),
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['api-keys'] }),
  })
  if (create.data?.key) return <NewKey secret={create.data.key} onClose={onClose} />
  return (
    <Dialog open onClose={onClose} title={s.add} description={s.addText}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          create.mutate()
        }}
      >
        <Field label={s.name}>
          {(props) => (
            <Input
              {...props}
              required
              maxLength={200}
              value={form.name}
              onChange={(event) => set({ name: event.target.value })}
            />
          )}
        </Field>
        <Access form={form} set={set} />
        {create.error && <Note tone="bad">{problemText(create.error)}</Note>}
        <div className="flex justify-end">
          <Button type="submit" look="primary" busy={create.isPending}>
            {s.create}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** Asks before a key is revoked: programs stop at once. */
export function RevokeKey({ item, onClose }: { item: ApiKey; onClose: () => void }) {
  const client = useQueryClient()
  const revoke = useMutation({
    mutationFn: () => writes.revokeKey(item.id),
    onSuccess: () => {
      toast.ok(s.revoked)
      onClose()
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['api-keys'] }),
  })
  return (
    <Dialog open onClose={onClose} title={s.revokeTitle(item.name)} description={s.revokeText}>
      {revoke.error && <Note tone="bad">{problemText(revoke.error)}</Note>}
      <div className="mt-3 flex justify-end gap-2">
        <Button onClick={onClose}>{s.keep}</Button>
        <Button look="danger" busy={revoke.isPending} onClick={() => revoke.mutate()}>
          {s.revoke}
        </Button>
      </div>
    </Dialog>
  )
}
