import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Hand, UserRoundPen } from 'lucide-react'
import { useState } from 'react'
import type { Checkpoint } from '@/api/types'
import { useMe } from '@/app/session'
import { FormDialog } from '@/components/form-dialog'
import { Button } from '@/ui/button'
import { Field, Input, Select } from '@/ui/field'
import { toast } from '@/ui/toast'
import { reads, writes } from './api'
import { Section } from './section'
import { strings } from './strings'
import { useClaim } from './use-claim'

const s = strings.assigned

function ReassignDialog({ checkpoint, onClose }: { checkpoint: Checkpoint; onClose: () => void }) {
  const client = useQueryClient()
  const others = checkpoint.deciders.filter(({ person }) => person.id !== checkpoint.assigned_to?.id)
  const [to, setTo] = useState(others[0]?.person.id ?? '')
  const [reason, setReason] = useState('')
  const give = useMutation({
    mutationFn: () => writes.reassign(checkpoint.id, { to, reason: reason.trim() || undefined }),
    onSuccess: (next) => {
      client.setQueryData(reads.checkpoint(checkpoint.id).queryKey, next)
      void client.invalidateQueries({ queryKey: ['checkpoints'] })
      toast.ok(s.given(next.assigned_to?.name ?? ''))
      onClose()
    },
  })
  return (
    <FormDialog
      title={s.giveTitle}
      text={s.giveText}
      submit={s.give}
      keep={s.cancel}
      disabled={to === ''}
      sending={give}
      onSubmit={give.mutate}
      onClose={onClose}
    >
      <Field label={s.to}>
        {(props) => (
          <Select {...props} value={to} onChange={(event) => setTo(event.target.value)}>
            {others.map(({ person }) => (
              <option key={person.id} value={person.id}>
                {person.name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={s.reason}>
        {(props) => (
          <Input {...props} maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />
        )}
      </Field>
    </FormDialog>
  )
}

/** Who is on it: take it, put it back, give it to another of those who may decide. */
export function Assignment({ checkpoint }: { checkpoint: Checkpoint }) {
  const me = useMe()
  const claim = useClaim(checkpoint.id)
  const [giving, setGiving] = useState(false)
  const by = checkpoint.assigned_to
  const mine = by?.id === me.user.id
  const others = checkpoint.deciders.some(({ person }) => person.id !== by?.id && person.id !== me.user.id)
  return (
    <Section title={s.title}>
      <p className="text-sm">{by ? (mine ? s.you : by.name) : s.nobody}</p>
      <div className="flex flex-wrap gap-2">
        {!by && checkpoint.may_decide && (
          <Button small icon={<Hand size={13} />} busy={claim.isPending} onClick={() => claim.mutate('take')}>
            {s.take}
          </Button>
        )}
        {mine && (
          <Button small busy={claim.isPending} onClick={() => claim.mutate('release')}>
            {s.release}
          </Button>
        )}
        {others && (
          <Button small icon={<UserRoundPen size={13} />} onClick={() => setGiving(true)}>
            {s.giveTo}
          </Button>
        )}
      </div>
      {giving && <ReassignDialog checkpoint={checkpoint} onClose={() => setGiving(false)} />}
    </Section>
  )
}
