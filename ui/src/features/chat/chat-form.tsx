import { useMutation } from '@tanstack/react-query'
import { Check, Lock } from 'lucide-react'
import { lazy, Suspense } from 'react'
import { ApiProblem, problemText } from '@/api/client'
import type { MessageForm } from '@/api/types'
import { answerText } from '@/model/field-kind'
import { fileNameOf } from '@/model/file-value'
import { brief, getAt } from '@/model/json'
import { schemaFields } from '@/model/schema'
import { Note, Skeleton } from '@/ui/states'
import { writes } from './api'
import { strings as s } from './strings'
import { useFormDraft } from './use-form-draft'
import type { Visitor } from './visitor'

const PagedForm = lazy(() => import('@/components/schema-form/paged-form'))

/** An answer as people read it. */
function said(schema: unknown, name: string, value: unknown): string {
  const field = getAt(schema, ['properties', name])
  return fileNameOf(value) ?? answerText(field, value) ?? brief(value, 200)
}

function Done({ form }: { form: MessageForm }) {
  const values = form.values ?? {}
  return (
    <div className="w-full max-w-[92%] rounded-2xl rounded-bl-md border border-line bg-sunken p-4">
      <p className="flex items-center gap-1.5 text-sm font-medium text-muted">
        {form.status === 'submitted' ? (
          <>
            <Check size={15} className="text-ok" /> {s.submitted}
          </>
        ) : (
          <>
            <Lock size={14} /> {s.closed}
          </>
        )}
      </p>
      {form.status === 'submitted' && (
        <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 text-sm">
          {schemaFields(form.schema)
            .filter((field) => values[field.name] !== undefined)
            .map((field) => (
              <div key={field.name} className="contents">
                <dt className="text-faint">{field.title}</dt>
                <dd className="break-words">{said(form.schema, field.name, values[field.name])}</dd>
              </div>
            ))}
        </dl>
      )}
    </div>
  )
}

/** A form inside the conversation. What is typed is kept until it was sent. */
export function ChatForm({
  form,
  said,
  visitor,
  onDone,
}: {
  form: MessageForm
  said: string
  visitor: Visitor
  onDone: () => void
}) {
  const draft = useFormDraft(form, visitor)
  const submit = useMutation({
    mutationFn: (given: Record<string, unknown>) =>
      writes.submitForm(visitor.conversation, form.checkpoint, { values: given }, visitor.token),
    onSuccess: draft.forget,
    onSettled: onDone,
  })
  if (form.status !== 'open') return <Done form={form} />
  // Between the answer and the refreshed message the form is already shown as sent.
  if (submit.isSuccess) return <Done form={{ ...form, status: 'submitted', values: submit.variables }} />
  const fieldErrors =
    submit.error instanceof ApiProblem && submit.error.status === 422 ? (submit.error.problem.errors ?? []) : []
  return (
    <div
      className="w-full max-w-[92%] rounded-2xl rounded-bl-md border border-line-strong bg-raised p-4 shadow-sm"
      style={{ animation: 'rise 180ms ease-out' }}
    >
      {form.prompt && form.prompt !== said && <p className="mb-3 text-[15px] whitespace-pre-wrap">{form.prompt}</p>}
      {submit.error && fieldErrors.length === 0 && (
        <div className="mb-3">
          <Note tone="bad">{problemText(submit.error)}</Note>
        </div>
      )}
      <Suspense
        fallback={
          <div className="flex flex-col gap-3">
            <Skeleton className="h-9" />
            <Skeleton className="h-9" />
          </div>
        }
      >
        <PagedForm
          resumes={form.draft != null}
          id={form.checkpoint}
          schema={form.schema}
          values={draft.values}
          errors={fieldErrors}
          busy={submit.isPending}
          submitLabel={form.submit || s.submit}
          large
          onChange={draft.change}
          onSubmit={(given) => submit.mutate(given)}
        />
      </Suspense>
    </div>
  )
}
