import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { problemText } from '@/api/client'
import { queries } from '@/api/queries'
import type { RetryPlan, RetryVersion, RunDetail } from '@/api/types'
import { QueryState } from '@/app/query-state'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Note } from '@/ui/states'
import { toast } from '@/ui/toast'
import { reads, writes } from './api'
import { Differences, Repeats, StateField, Whence } from './retry-parts'
import { strings } from './strings'
import { useStateEdit } from './use-state-edit'

const s = strings.retry

export type RetryFrom = { step?: string; point?: number }

type Ask = { step?: string; version: RetryVersion; point?: number; state?: RetryPlan['state']; repeat: string[] }

/** Asks for the retry and opens the run that goes on. The same dialog asks once, however often it is sent. */
function useRetry(run: RunDetail, onDone: () => void) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [key] = useState(() => `retry-${run.id}-${Date.now()}-${Math.random().toString(36).slice(2)}`)
  return useMutation({
    mutationFn: (ask: Ask) => writes.retryRun(run.id, ask, key),
    onSuccess: (next) => {
      client.setQueryData(queries.run(next.id).queryKey, next)
      void client.invalidateQueries({ queryKey: ['runs'] })
      toast.ok(next.id === run.id ? s.goesOn : s.newRun)
      onDone()
      void navigate({ to: '/runs/$run', params: { run: next.id } })
    },
  })
}

/** The state is that of an earlier point; it can be that of the end instead. */
function FromPoint({ point, onEnd }: { point: number; onEnd: () => void }) {
  return (
    <Note tone="muted">
      {s.atPoint(point)}{' '}
      <button type="button" className="text-accent underline" onClick={onEnd}>
        {s.useEnd}
      </button>
    </Note>
  )
}

type FormProps = {
  run: RunDetail
  from: RetryFrom
  version: RetryVersion
  setVersion: (version: RetryVersion) => void
  onClose: () => void
}

function RetryForm({ run, from, version, setVersion, onClose }: FormProps) {
  const [step, setStep] = useState(from.step)
  const [point, setPoint] = useState(from.point)
  const [agreed, setAgreed] = useState<string[]>([])
  const edit = useStateEdit()
  const query = useQuery(reads.retryPlan(run.id, { step: step ?? run.step ?? undefined, version, point }))
  const retry = useRetry(run, onClose)
  if (query.error && version === 'newest')
    return (
      <div className="flex flex-col items-start gap-3">
        <Note tone="bad">{problemText(query.error)}</Note>
        <Button onClick={() => setVersion('same')}>{s.same(run.version)}</Button>
      </div>
    )
  return (
    <QueryState query={query}>
      {(plan) => (
        <form
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            const state = edit.apply(plan.state)
            retry.mutate({ step: plan.step ?? undefined, version, point, state, repeat: agreed })
          }}
        >
          <Whence run={run} plan={plan} version={version} onStep={setStep} onVersion={setVersion} />
          {version === 'newest' && <Differences workflow={run.workflow.id} plan={plan} />}
          <Repeats plan={plan} agreed={agreed} onAgree={setAgreed} />
          {point !== undefined && (
            <FromPoint
              point={point}
              onEnd={() => {
                setPoint(undefined)
                edit.forget()
              }}
            />
          )}
          <StateField label={s.vars} hint={s.varsHint} rows={7} {...edit.field('vars', plan.state.vars)} />
          <details>
            <summary className="cursor-pointer text-sm text-muted">{s.results}</summary>
            <StateField
              label={s.resultsLabel}
              hint={s.resultsHint}
              rows={8}
              className="mt-2"
              {...edit.field('steps', plan.state.steps)}
            />
          </details>
          {retry.error && <Note tone="bad">{problemText(retry.error)}</Note>}
          <div className="flex items-center justify-end gap-2">
            <p className="mr-auto text-xs text-faint">{s.onRecord}</p>
            <Button onClick={onClose}>{s.cancel}</Button>
            <Button
              type="submit"
              look="primary"
              busy={retry.isPending}
              disabled={edit.broken || plan.repeats.some((done) => !agreed.includes(done.step))}
            >
              {s.submit}
            </Button>
          </div>
        </form>
      )}
    </QueryState>
  )
}

/** Goes on with an ended run: from which step, with what state, on which version, and what may be done again. */
export default function RetryDialog({ run, from, onClose }: { run: RunDetail; from: RetryFrom; onClose: () => void }) {
  const [version, setVersion] = useState<RetryVersion>('same')
  return (
    <Dialog open wide={version === 'newest' ? 'full' : true} onClose={onClose} title={s.title} description={s.text}>
      <RetryForm run={run} from={from} version={version} setVersion={setVersion} onClose={onClose} />
    </Dialog>
  )
}
