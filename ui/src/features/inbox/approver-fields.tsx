import { PencilLine, Undo2 } from 'lucide-react'
import { lazy, Suspense, useMemo, useRef, useState, type RefObject } from 'react'
import { ApiProblem } from '@/api/client'
import { useActions } from '@/api/use-actions'
import type { Checkpoint } from '@/api/types'
import type { FormHandle } from '@/components/schema-form/schema-form'
import { editFields, editSchema, editsOf, editValues, type EditField } from '@/model/asked'
import { filled } from '@/model/form-schema'
import { Button } from '@/ui/button'
import { Skeleton } from '@/ui/states'
import { Section } from './section'
import { strings } from './strings'

const s = strings.asked
const SchemaForm = lazy(() => import('@/components/schema-form/schema-form'))
type Data = Record<string, unknown>

/** What goes along with a yes, and whether it is whole. */
export type Asked = {
  fields: EditField[]
  editing: boolean
  setEditing: (on: boolean) => void
  edited: Data
  setEdited: (values: Data) => void
  edits: ReturnType<typeof editsOf>
  form: unknown
  answers: Data
  setAnswers: (values: Data) => void
  values: Data | undefined
  editForm: RefObject<FormHandle | null>
  answerForm: RefObject<FormHandle | null>
  validate: () => boolean
}

/** The fields an approver may change, and the step's own form, with what stands in them. */
export function useAsked(checkpoint: Checkpoint): Asked {
  const asked = checkpoint.asked
  const [editing, setEditing] = useState(false)
  const [changes, setEdited] = useState<Data | null>(null)
  const [answers, setAnswers] = useState<Data>({})
  const editForm = useRef<FormHandle>(null)
  const answerForm = useRef<FormHandle>(null)
  const some = Object.keys(asked?.editable ?? {}).length > 0
  const actions = useActions(some ? checkpoint.requests.map((one) => one.action) : [])
  const fields = useMemo(
    () => editFields(checkpoint.requests, asked?.editable ?? {}, (action) => actions.get(action)?.input),
    [checkpoint.requests, asked, actions],
  )
  const edited = changes ?? editValues(fields)
  const form = asked?.form ?? null
  return {
    fields,
    editing,
    setEditing: (on) => {
      setEditing(on)
      setEdited(null)
    },
    edited,
    setEdited,
    edits: editing ? editsOf(fields, edited) : undefined,
    form,
    answers,
    setAnswers,
    values: form ? (filled(form, answers) as Data) : undefined,
    editForm,
    answerForm,
    // Both are asked: each shows what is missing in it. One that is not there yet is not whole.
    validate: () => {
      const forms = [...(editing ? [editForm] : []), ...(form ? [answerForm] : [])]
      return forms.map((one) => one.current?.validate() ?? false).every((whole) => whole)
    },
  }
}

/** What the server found wrong in a form's answers. */
function answerErrors(error: unknown) {
  const all = error instanceof ApiProblem ? (error.problem.errors ?? []) : []
  return all.filter((one) => one.pointer?.startsWith('/values'))
}

/** The two forms of an approver: what is filled in with a yes, and what is changed in what is sent. */
export function ApproverFields({
  checkpoint,
  asked,
  error,
  busy,
}: {
  checkpoint: Checkpoint
  asked: Asked
  error: unknown
  busy: boolean
}) {
  if (!checkpoint.may_decide || (asked.fields.length === 0 && !asked.form)) return null
  return (
    <div className="flex flex-col gap-5">
      {Boolean(asked.form) && (
        <Section title={s.form}>
          <div className="max-w-xl rounded-lg border border-line p-4">
            <Suspense fallback={<Skeleton className="h-20" />}>
              <SchemaForm
                id={`${checkpoint.id}-form`}
                handle={asked.answerForm}
                schema={asked.form}
                values={asked.answers}
                errors={answerErrors(error)}
                busy={busy}
                onChange={asked.setAnswers}
              />
            </Suspense>
          </div>
        </Section>
      )}
      {asked.fields.length > 0 && !asked.editing && (
        <div>
          <Button icon={<PencilLine size={15} />} className="max-md:min-h-11" onClick={() => asked.setEditing(true)}>
            {s.edit}
          </Button>
        </div>
      )}
      {asked.editing && (
        <Section title={s.editTitle}>
          <div className="flex max-w-xl flex-col gap-3 rounded-lg border border-line p-4">
            <p className="text-sm text-muted">
              {checkpoint.approvers?.exclude_requester ? s.editExcluded : s.editHelp}
            </p>
            <Suspense fallback={<Skeleton className="h-20" />}>
              <SchemaForm
                id={`${checkpoint.id}-edit`}
                handle={asked.editForm}
                schema={editSchema(asked.fields)}
                values={asked.edited}
                busy={busy}
                onChange={asked.setEdited}
              />
            </Suspense>
            <div>
              <Button small look="quiet" icon={<Undo2 size={13} />} onClick={() => asked.setEditing(false)}>
                {s.keep}
              </Button>
            </div>
          </div>
        </Section>
      )}
    </div>
  )
}
