import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { queries } from '@/api/queries'
import type { Delegation, Person } from '@/api/types'
import { useMay, useMe } from '@/app/session'
import { ConfirmDialog, FormDialog } from '@/components/form-dialog'
import { Checkbox, Field, Input, Select } from '@/ui/field'
import { Note } from '@/ui/states'
import { localInput } from '@/ui/time'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { strings as s } from './strings'

const WEEK_MS = 7 * 86_400_000
/** The longest the server takes. */
const REASON_MAX = 500

type Form = { from: string; to: string; starts: string; ends: string; away: boolean; reason: string }
type Part = { form: Form; set: (change: Partial<Form>) => void }

function Whom({ form, set }: Part) {
  const me = useMe()
  const admin = useMay('admin')
  const { data } = useQuery(queries.people())
  const people = (data?.items ?? []).filter((person: Person) => !person.disabled)
  return (
    <>
      {admin && (
        <Field label={s.forWhom}>
          {(props) => (
            <Select {...props} value={form.from} onChange={(event) => set({ from: event.target.value })}>
              <option value={me.user.id}>{s.forMe(me.user.name)}</option>
              {people
                .filter((person) => person.id !== me.user.id)
                .map((person) => (
                  <option key={person.id} value={person.id}>
                    {person.name}
                  </option>
                ))}
            </Select>
          )}
        </Field>
      )}
      <Field label={s.to} hint={s.limits}>
        {(props) => (
          <Select {...props} value={form.to} onChange={(event) => set({ to: event.target.value })}>
            <option value="">{s.toNobody}</option>
            {people
              .filter((person) => person.id !== form.from)
              .map((person) => (
                <option key={person.id} value={person.id}>
                  {person.name}
                </option>
              ))}
          </Select>
        )}
      </Field>
    </>
  )
}

function When({ form, set }: Part) {
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <Field label={s.from} hint={s.fromHint}>
        {(props) => (
          <Input
            {...props}
            type="datetime-local"
            value={form.starts}
            onChange={(event) => set({ starts: event.target.value })}
          />
        )}
      </Field>
      <Field label={s.ends}>
        {(props) => (
          <Input
            {...props}
            type="datetime-local"
            required
            min={form.starts || undefined}
            value={form.ends}
            onChange={(event) => set({ ends: event.target.value })}
          />
        )}
      </Field>
    </div>
  )
}

/** Arranges that somebody decides for the caller (an administrator: for anybody), or that they are away. */
export function AddDelegation({ onClose }: { onClose: () => void }) {
  const me = useMe()
  const [form, setForm] = useState<Form>(() => ({
    from: me.user.id,
    to: '',
    starts: '',
    ends: localInput(Date.now() + WEEK_MS),
    away: false,
    reason: '',
  }))
  const [missing, setMissing] = useState(false)
  // The same request sent twice is arranged once.
  const key = useRef(crypto.randomUUID())
  const set = (change: Partial<Form>) => {
    key.current = crypto.randomUUID()
    setMissing(false)
    setForm((old) => ({ ...old, ...change, ...(change.from !== undefined && change.from === old.to && { to: '' }) }))
  }
  const client = useQueryClient()
  const create = useMutation({
    mutationFn: () =>
      writes.create(
        {
          ...(form.from !== me.user.id && { from: form.from }),
          ...(form.to && { to: form.to }),
          ...(form.starts && { starts_at: new Date(form.starts).getTime() }),
          ends_at: new Date(form.ends).getTime(),
          away: form.away,
          ...(form.reason.trim() && { reason: form.reason.trim() }),
        },
        key.current,
      ),
    onSuccess: () => {
      toast.ok(s.created)
      void client.invalidateQueries({ queryKey: ['delegations'] })
      onClose()
    },
  })
  return (
    <FormDialog
      title={s.add}
      text={s.addText}
      submit={s.create}
      sending={create}
      onSubmit={() => (form.to === '' && !form.away ? setMissing(true) : create.mutate())}
      onClose={onClose}
    >
      <Whom form={form} set={set} />
      <When form={form} set={set} />
      <Checkbox
        label={s.awayLabel}
        hint={s.awayHint}
        checked={form.away}
        onChange={(event) => set({ away: event.target.checked })}
      />
      <Field label={s.reason}>
        {(props) => (
          <Input
            {...props}
            maxLength={REASON_MAX}
            value={form.reason}
            onChange={(event) => set({ reason: event.target.value })}
          />
        )}
      </Field>
      {missing && <Note tone="bad">{s.someone}</Note>}
    </FormDialog>
  )
}

/** Asks before a stand-in ends. */
export function EndDelegation({ item, onClose }: { item: Delegation; onClose: () => void }) {
  const client = useQueryClient()
  const end = useMutation({
    mutationFn: () => writes.end(item.id),
    onSuccess: () => {
      toast.ok(s.ended)
      onClose()
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['delegations'] }),
  })
  return (
    <ConfirmDialog
      title={s.endTitle}
      text={s.endText(item.from.name, item.to?.name ?? null)}
      words={{ keep: s.keep, confirm: s.end }}
      sending={end}
      onConfirm={end.mutate}
      onClose={onClose}
    />
  )
}
