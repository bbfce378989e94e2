import { lazy, Suspense, useRef, useState } from 'react'
import { ApiProblem } from '@/api/client'
import type { Checkpoint } from '@/api/types'
import type { FormHandle } from '@/components/schema-form/schema-form'
import { filled } from '@/model/form-schema'
import { Button } from '@/ui/button'
import { Skeleton } from '@/ui/states'
import { strings } from './strings'
import type { useDecision } from './use-decision'

const s = strings.handoff
const SchemaForm = lazy(() => import('@/components/schema-form/schema-form'))
type Data = Record<string, unknown>

/** What the server found wrong in what was filled in. */
function answerErrors(error: unknown) {
  return error instanceof ApiProblem ? (error.problem.errors ?? []) : []
}

/** The ways back into the workflow. Where something is to be filled in they open once it fits. */
export function HandBack({
  checkpoint,
  decision,
}: {
  checkpoint: Checkpoint
  decision: ReturnType<typeof useDecision>
}) {
  const schema = checkpoint.hand_back ?? null
  const [answers, setAnswers] = useState<Data>({})
  const [whole, setWhole] = useState(schema === null)
  const form = useRef<FormHandle>(null)
  const hand = (outcome: string) => {
    if (schema !== null && !form.current?.validate()) return
    decision.mutate({ outcome, values: schema === null ? undefined : (filled(schema, answers) as Data) })
  }
  return (
    <div className="flex flex-col gap-3 border-t border-line bg-sunken p-3">
      {schema !== null && checkpoint.may_decide && (
        <section aria-label={s.fillIn} className="max-w-xl">
          <h2 className="mb-2 text-sm font-medium">{s.fillIn}</h2>
          <Suspense fallback={<Skeleton className="h-20" />}>
            <SchemaForm
              id={`${checkpoint.id}-back`}
              handle={form}
              schema={schema}
              values={answers}
              errors={answerErrors(decision.error)}
              busy={decision.isPending}
              onChange={setAnswers}
              onWhole={setWhole}
            />
          </Suspense>
        </section>
      )}
      <div className="flex flex-wrap items-center gap-2">
        <span className="text-sm text-muted">{s.backWith}</span>
        {checkpoint.outcomes.map((outcome, index) => (
          <Button
            key={outcome}
            look={index === 0 ? 'primary' : 'plain'}
            className="max-md:min-h-11"
            disabled={!checkpoint.may_decide || !whole}
            busy={decision.isPending && decision.variables?.outcome === outcome}
            onClick={() => hand(outcome)}
          >
            {outcome === 'returned' ? s.returned : outcome.replaceAll('_', ' ')}
          </Button>
        ))}
        {!whole && checkpoint.may_decide && <span className="text-xs text-muted">{s.notWhole}</span>}
      </div>
    </div>
  )
}
