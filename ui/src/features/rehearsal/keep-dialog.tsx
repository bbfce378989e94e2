import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { problemText } from '@/api/client'
import { queries } from '@/api/queries'
import type { Script } from '@/api/types'
import type { WorkflowDocument } from '@/model/document'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { strings } from './strings'

const s = strings.keeping

/** Gives a rehearsal a name and keeps it. */
export function KeepDialog({
  id,
  document,
  script,
  onClose,
}: {
  id: string
  document: WorkflowDocument
  script: Script
  onClose: () => void
}) {
  const [name, setName] = useState('')
  const [key] = useState(() => crypto.randomUUID())
  const client = useQueryClient()
  const keep = useMutation({
    mutationFn: () => writes.keepTest(id, { name, script, document }, key),
    onSuccess: (kept) => {
      void client.invalidateQueries({ queryKey: queries.tests(id).queryKey })
      toast.ok(s.done(kept.name))
      onClose()
    },
  })
  return (
    <Dialog open onClose={onClose} title={s.title} description={s.text}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          keep.mutate()
        }}
      >
        <Field label={s.name}>
          {(props) => (
            <Input
              {...props}
              autoFocus
              required
              maxLength={200}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        {keep.error && <Note tone="bad">{problemText(keep.error)}</Note>}
        <div className="flex justify-end">
          <Button type="submit" look="primary" busy={keep.isPending}>
            {s.submit}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
