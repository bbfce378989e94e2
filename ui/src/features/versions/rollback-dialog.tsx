import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, problemText, send } from '@/api/client'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { toast } from '@/ui/toast'
import { strings as s } from './strings'

/** Moves the active pointer to an older version. */
export function RollbackDialog({ id, version, onClose }: { id: string; version: number; onClose: () => void }) {
  const [message, setMessage] = useState('')
  const client = useQueryClient()
  const rollback = useMutation({
    mutationFn: () => send(api.POST('/api/v1/workflows/{id}/rollback', { params: { path: { id } }, body: { version, message: message || undefined } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['workflows'] })
      toast.ok(s.done(version))
      onClose()
    },
  })
  return (
    <Dialog open onClose={onClose} title={s.rollbackTitle(version)} description={s.rollbackText}>
      <form className="flex flex-col gap-3" onSubmit={(event) => {
        event.preventDefault()
        rollback.mutate()
      }}>
        <Field label={s.message} hint={s.messageHint}>{(props) => <Input {...props} autoFocus value={message} onChange={(event) => setMessage(event.target.value)} />}</Field>
        {rollback.error && <Note tone="bad">{problemText(rollback.error)}</Note>}
        <div className="flex justify-end gap-2"><Button onClick={onClose}>{s.keep}</Button><Button type="submit" look="primary" busy={rollback.isPending}>{s.rollback}</Button></div>
      </form>
    </Dialog>
  )
}
