import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { problemText } from '@/api/client'
import { FormDialog } from '@/components/form-dialog'
import { Field, Input } from '@/ui/field'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { strings as s } from './strings'
import type { Ramp } from './ramp-dialog'

/** What new runs started on before. */
type Before = { active: number | undefined; ramp: Ramp | null }

/** Moves the active pointer to an older version, and offers to put it back. */
export function RollbackDialog({
  id,
  version,
  before: now,
  onClose,
}: {
  id: string
  version: number
  before: Before
  onClose: () => void
}) {
  // As it was when the person decided: a change by somebody else meanwhile is told, not overruled.
  const [before] = useState(now)
  const [message, setMessage] = useState('')
  const client = useQueryClient()
  const refresh = () => client.invalidateQueries({ queryKey: ['workflows'] })
  const activate = (to: number, expected_active: number | undefined, why: string | undefined) =>
    writes.rollBack(id, { version: to, expected_active, message: why })
  // Refused when somebody else chose another version meanwhile. The rollback ended the ramp, so it is set again.
  const undo = async ({ active, ramp }: { active: number; ramp: Ramp | null }) => {
    await activate(active, version, s.undoMessage)
    if (ramp) await writes.setRamp(id, ramp)
    toast.ok(s.done(active))
  }
  const rollback = useMutation({
    mutationFn: () => activate(version, before.active, message || undefined),
    onSuccess: () => {
      void refresh()
      const { active, ramp } = before
      toast.ok(
        s.done(version),
        active === undefined
          ? undefined
          : {
              label: s.undo,
              run: () =>
                void undo({ active, ramp })
                  .catch((error: unknown) => toast.bad(problemText(error)))
                  .finally(refresh),
            },
      )
      onClose()
    },
    // Somebody else may have been faster: what is shown is what is so.
    onError: refresh,
  })
  return (
    <FormDialog
      title={s.rollbackTitle(version)}
      text={s.rollbackText}
      submit={s.rollback}
      keep={s.keep}
      sending={rollback}
      onSubmit={rollback.mutate}
      onClose={onClose}
    >
      <Field label={s.message} hint={s.messageHint}>
        {(props) => <Input {...props} autoFocus value={message} onChange={(event) => setMessage(event.target.value)} />}
      </Field>
    </FormDialog>
  )
}
