import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { queries } from '@/api/queries'
import { FormDialog } from '@/components/form-dialog'
import type { WorkflowDocument } from '@/model/document'
import { Field, Input, Textarea } from '@/ui/field'
import { writes } from './api'
import { strings as s } from './strings'

function empty(name: string): WorkflowDocument {
  return {
    schema: 1,
    name,
    triggers: [{ type: 'manual' }],
    waiting_message: true,
    start: 'done',
    steps: { done: { type: 'end', title: s.end } },
  }
}

/** Makes a workflow, empty or from a document, and opens it. */
export function CreateWorkflow({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const [source, setSource] = useState('')
  const navigate = useNavigate()
  const client = useQueryClient()
  const create = useMutation({
    mutationFn: () =>
      writes.createWorkflow(source.trim() ? { source } : { document: empty(name.trim() || s.untitled) }),
    onSuccess: (workflow) => {
      client.setQueryData(queries.workflow(workflow.id).queryKey, workflow)
      void client.invalidateQueries({ queryKey: ['workflows', 'list'] })
      void navigate({ to: '/workflows/$workflow', params: { workflow: workflow.id } })
    },
  })
  return (
    <FormDialog
      title={s.createTitle}
      text={s.createText}
      submit={s.submit}
      sending={create}
      onSubmit={create.mutate}
      onClose={onClose}
    >
      <Field label={s.name}>
        {(props) => (
          <Input
            {...props}
            autoFocus
            placeholder={s.untitled}
            value={name}
            maxLength={200}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <Field label={s.source} hint={s.sourceHint}>
        {(props) => (
          <Textarea
            {...props}
            rows={6}
            spellCheck={false}
            className="font-mono text-xs"
            value={source}
            onChange={(event) => setSource(event.target.value)}
          />
        )}
      </Field>
    </FormDialog>
  )
}
