import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiKey, Role } from '@/api/types'
import { ConfirmDialog, FormDialog } from '@/components/form-dialog'
import { ShownOnce } from '@/components/shown-once'
import { listed } from '@/model/listed'
import { Checkbox, Field, Input, Select } from '@/ui/field'
import { Note } from '@/ui/states'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { strings as s } from './strings'

const ROLES: readonly Role[] = ['viewer', 'operator', 'builder', 'admin']

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
      <div className="sm:col-span-2">
        <Checkbox
          label={s.mayDecide}
          hint={s.mayDecideHint}
          checked={form.may_decide}
          onChange={(event) => set({ may_decide: event.target.checked })}
        />
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
        groups: listed(form.groups),
        may_decide: form.may_decide,
        ...(form.expires && { expires_at: new Date(form.expires).getTime() }),
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['api-keys'] }),
  })
  if (create.data?.key)
    return (
      <ShownOnce
        words={{ title: s.createdTitle, copy: s.copy, copied: s.copied }}
        value={create.data.key}
        onClose={onClose}
      >
        <Note tone="ok">{s.created}</Note>
      </ShownOnce>
    )
  return (
    <FormDialog
      title={s.add}
      text={s.addText}
      submit={s.create}
      sending={create}
      onSubmit={create.mutate}
      onClose={onClose}
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
    </FormDialog>
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
    <ConfirmDialog
      title={s.revokeTitle(item.name)}
      text={s.revokeText}
      words={{ keep: s.keep, confirm: s.revoke }}
      sending={revoke}
      onConfirm={revoke.mutate}
      onClose={onClose}
    />
  )
}
