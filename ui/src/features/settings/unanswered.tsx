import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { problemText } from '@/api/client'
import { queries } from '@/api/queries'
import { PageSection } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMay } from '@/app/session'
import { Button } from '@/ui/button'
import { Field, Select, Textarea } from '@/ui/field'
import { Note } from '@/ui/states'
import { toast } from '@/ui/toast'
import { reads, writes } from './api'
import { strings as s } from './strings'

type Given = { approval: string; failure: string; fallback: string }

function Form({ given, may }: { given: Given; may: boolean }) {
  const [form, setForm] = useState(given)
  const client = useQueryClient()
  const workflows = useQuery(queries.workflows())
  const save = useMutation({
    mutationFn: () =>
      writes.changeWorkspace({
        policy: {
          // Null leaves what is set.
          allow_unguarded: null,
          try_writes: null,
          waiting_messages: { approval: form.approval, failure: form.failure },
          fallback_workflow: form.fallback,
        },
      }),
    onSuccess: (workspace) => {
      client.setQueryData(reads.workspace().queryKey, workspace)
      toast.ok(s.unanswered.saved)
    },
  })
  const startable = workflows.data?.items.filter((one) => one.active_version != null || one.id === form.fallback) ?? []
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      {(['approval', 'failure'] as const).map((one) => (
        <Field key={one} label={s.unanswered[one]} hint={s.unanswered.hint}>
          {(props) => (
            <Textarea
              {...props}
              rows={2}
              maxLength={1000}
              disabled={!may}
              value={form[one]}
              onChange={(event) => setForm({ ...form, [one]: event.target.value })}
            />
          )}
        </Field>
      ))}
      <Field label={s.unanswered.fallback} hint={s.unanswered.fallbackHint}>
        {(props) => (
          <Select
            {...props}
            disabled={!may}
            value={form.fallback}
            onChange={(event) => setForm({ ...form, fallback: event.target.value })}
          >
            <option value="">{s.unanswered.people}</option>
            {startable.map((workflow) => (
              <option key={workflow.id} value={workflow.id}>
                {workflow.name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {save.error && <Note tone="bad">{problemText(save.error)}</Note>}
      <div>
        <Button type="submit" busy={save.isPending} disabled={!may}>
          {s.unanswered.save}
        </Button>
      </div>
    </form>
  )
}

/** What customers who wait are told, and who takes what no workflow wants. */
export function Unanswered() {
  const may = useMay('admin')
  const query = useQuery(reads.workspace())
  return (
    <PageSection title={s.unanswered.title} help={s.unanswered.help}>
      <QueryState query={query}>
        {({ policy }) => (
          <Form given={{ ...policy.waiting_messages, fallback: policy.fallback_workflow ?? '' }} may={may} />
        )}
      </QueryState>
    </PageSection>
  )
}
