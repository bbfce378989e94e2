import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { queries } from '@/api/queries'
import type { Script } from '@/api/types'
import { NameDialog } from '@/components/name-dialog'
import type { WorkflowDocument } from '@/model/document'
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
  const [key] = useState(() => crypto.randomUUID())
  const client = useQueryClient()
  const keep = useMutation({
    mutationFn: (name: string) => writes.keepTest(id, { name, script, document }, key),
    onSuccess: (kept) => {
      void client.invalidateQueries({ queryKey: queries.tests(id).queryKey })
      toast.ok(s.done(kept.name))
      onClose()
    },
  })
  return <NameDialog words={s} lengthMax={200} sending={keep} onName={keep.mutate} onClose={onClose} />
}
