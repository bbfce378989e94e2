import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Person } from '@/api/types'
import { FormDialog } from '@/components/form-dialog'
import { ShownOnce } from '@/components/shown-once'
import { listed } from '@/model/listed'
import { Field, Input, Select } from '@/ui/field'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { strings as s } from './strings'

const ROLES = ['viewer', 'operator', 'builder', 'admin'] as const
type Role = (typeof ROLES)[number]

function Access({
  role,
  groups,
  onRole,
  onGroups,
}: {
  role: Role
  groups: string
  onRole: (role: Role) => void
  onGroups: (groups: string) => void
}) {
  return (
    <>
      <Field label={s.role}>
        {(props) => (
          <Select {...props} value={role} onChange={(event) => onRole(event.target.value as Role)}>
            {ROLES.map((one) => (
              <option key={one} value={one}>
                {s.roles[one]}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={s.groups} hint={s.groupsHint}>
        {(props) => <Input {...props} value={groups} onChange={(event) => onGroups(event.target.value)} />}
      </Field>
    </>
  )
}

/** The one-time link, shown once. */
export function InviteLink({ url, onClose }: { url: string; onClose: () => void }) {
  return (
    <ShownOnce
      words={{ title: s.linkTitle, copy: s.copy, copied: s.copied }}
      value={new URL(url, window.location.origin).href}
      onClose={onClose}
    >
      <p className="text-sm text-muted">{s.linkText}</p>
    </ShownOnce>
  )
}

export function AddPerson({ onClose }: { onClose: () => void }) {
  const [form, setForm] = useState<{ name: string; email: string; role: Role; groups: string }>({
    name: '',
    email: '',
    role: 'operator',
    groups: '',
  })
  const client = useQueryClient()
  const add = useMutation({
    mutationFn: () =>
      writes.addPerson({ name: form.name, email: form.email, role: form.role, groups: listed(form.groups) }),
    onSuccess: (person) => {
      void client.invalidateQueries({ queryKey: ['people'] })
      if (!person.setup_url) onClose()
    },
  })
  if (add.data?.setup_url) return <InviteLink url={add.data.setup_url} onClose={onClose} />
  return (
    <FormDialog title={s.add} text={s.addText} submit={s.submit} sending={add} onSubmit={add.mutate} onClose={onClose}>
      <Field label={s.name}>
        {(props) => (
          <Input
            {...props}
            required
            autoFocus
            value={form.name}
            onChange={(event) => setForm({ ...form, name: event.target.value })}
          />
        )}
      </Field>
      <Field label={s.email}>
        {(props) => (
          <Input
            {...props}
            type="email"
            required
            value={form.email}
            onChange={(event) => setForm({ ...form, email: event.target.value })}
          />
        )}
      </Field>
      <Access
        role={form.role}
        groups={form.groups}
        onRole={(role) => setForm({ ...form, role })}
        onGroups={(groups) => setForm({ ...form, groups })}
      />
    </FormDialog>
  )
}

export function EditPerson({ person, onClose }: { person: Person; onClose: () => void }) {
  const [role, setRole] = useState<Role>(person.role)
  const [groups, setGroups] = useState(person.groups.join(', '))
  const client = useQueryClient()
  const save = useMutation({
    mutationFn: () => writes.changePerson(person.id, { role, groups: listed(groups) }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['people'] })
      toast.ok(s.saved)
      onClose()
    },
  })
  return (
    <FormDialog
      title={s.editTitle(person.name)}
      submit={s.save}
      sending={save}
      onSubmit={save.mutate}
      onClose={onClose}
    >
      <Access role={role} groups={groups} onRole={setRole} onGroups={setGroups} />
    </FormDialog>
  )
}
