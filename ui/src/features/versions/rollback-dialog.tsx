import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { problemText } from '@/api/client'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { toast } from '@/ui/toast'
import { writes } from './api'
import type { Ramp } from './ramp-dialog'
import { strings as s } from './strings'

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
    <Dialog open onClose={onClose} title={s.rollbackTitle(version)} description={s.rollbackText}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          rollback.mutate()
        }}
      >
        <Field label={s.message} hint={s.messageHint}>
          {(props) => (
            <Input {...props} autoFocus value={message} onChange={(event) => setMessage(event.target.value)} />
          )}
        </Field>
        {rollback.error && <Note tone="bad">{problemText(rollback.error)}</Note>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{s.keep}</Button>
          <Button type="submit" look="primary" busy={rollback.isPending}>
            {s.rollback}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
