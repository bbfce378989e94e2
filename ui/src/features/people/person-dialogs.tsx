import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { queries } from '@/api/queries'
import type { Person } from '@/api/types'
import { FormDialog } from '@/components/form-dialog'
import { ShownOnce } from '@/components/shown-once'
import { listed } from '@/model/listed'
import { Checkbox, Field, Input, Select } from '@/ui/field'
import { Note } from '@/ui/states'
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

/** The one-time link, shown once, and what came of the mail with it. */
export function InviteLink({ person, onClose }: { person: Person; onClose: () => void }) {
  const { setup_url: url, mail, email } = person
  if (!url) return null
  return (
    <ShownOnce
      words={{ title: mail?.sent ? s.mailedTitle : s.linkTitle, copy: s.copy, copied: s.copied }}
      value={new URL(url, window.location.origin).href}
      onClose={onClose}
    >
      {mail?.sent && <Note tone="ok">{s.mailed(email)}</Note>}
      {mail?.sent === false && <Note tone="warn">{s.notMailed(mail.error ?? '')}</Note>}
      <p className="text-sm text-muted">{s.linkText}</p>
    </ShownOnce>
  )
}

/** Whether the workspace can send mails; unknown is no. */
export function useMails(): boolean {
  const { data } = useQuery(queries.channels())
  return data?.items.some((one) => one.channel === 'email') ?? false
}

export function AddPerson({ onClose }: { onClose: () => void }) {
  const [form, setForm] = useState<{ name: string; email: string; role: Role; groups: string }>({
    name: '',
    email: '',
    role: 'operator',
    groups: '',
  })
  const client = useQueryClient()
  const mails = useMails()
  const [byMail, setByMail] = useState(true)
  const add = useMutation({
    mutationFn: () => writes.addPerson({ ...form, groups: listed(form.groups), mail: mails && byMail }),
    onSuccess: (person) => {
      void client.invalidateQueries({ queryKey: ['people'] })
      if (!person.setup_url) onClose()
    },
  })
  if (add.data?.setup_url) return <InviteLink person={add.data} onClose={onClose} />
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
      <Checkbox
        label={s.byMail}
        hint={mails ? undefined : s.noMails}
        checked={mails && byMail}
        disabled={!mails}
        onChange={(event) => setByMail(event.target.checked)}
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
