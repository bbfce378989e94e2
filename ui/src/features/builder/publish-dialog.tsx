import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiProblem, problemText } from '@/api/client'
import type { Diagnostic } from '@/api/types'
import { BacktestDialog } from '@/components/backtest/backtest-dialog'
import { strings as backtest } from '@/components/backtest/strings'
import { Difference } from '@/components/difference/difference'
import { TestResults } from '@/components/test-results'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { useStore } from '@/ui/store'
import { toast } from '@/ui/toast'
import { reads, writes } from './api'
import { useBuilder, useDocument } from './context'
import { strings } from './strings'

const s = strings.publish
const REASONS_SHOWN = 8

/** The first reasons against publishing, and the others when asked for. */
function Reasons({ list }: { list: readonly Diagnostic[] }) {
  const [all, setAll] = useState(false)
  const more = list.length - REASONS_SHOWN
  return (
    <>
      <ul className="mt-1 list-disc pl-5">
        {(all ? list : list.slice(0, REASONS_SHOWN)).map((problem, index) => (
          <li key={index}>{problem.message}</li>
        ))}
      </ul>
      {!all && more > 0 && (
        <button type="button" className="mt-1 underline" onClick={() => setAll(true)}>
          {s.more(more)}
        </button>
      )}
    </>
  )
}

/** What a refusal carries besides its text: reasons, test results, and what is published meanwhile. */
function refusalOf(error: unknown) {
  const problem = error instanceof ApiProblem ? error.problem : undefined
  return {
    reasons: problem?.diagnostics ?? [],
    tests: problem?.tests,
    raced: error instanceof ApiProblem && error.status === 409,
    theirs: problem?.current?.active_version,
  }
}

type Ask = { message: string; expected_active: number | null | undefined; reason: string }

/** Keeps what is drawn, then publishes it. */
function usePublish(onDone: () => void) {
  const builder = useBuilder()
  const client = useQueryClient()
  const again = () => client.invalidateQueries({ queryKey: ['workflows'] })
  return useMutation({
    mutationFn: async ({ message, expected_active, reason }: Ask) => {
      await builder.flush()
      return writes.publish(builder.id, {
        message,
        expected_active,
        expected_revision: builder.saving.get().revision,
        override_tests: reason.trim() || undefined,
      })
    },
    onSuccess: (version) => {
      void again()
      toast.ok(s.done(version.version))
      onDone()
    },
    onError: again,
  })
}

function Compared({ title, from, to, height }: { title: string; from: number; to: string; height: string }) {
  const { id } = useBuilder()
  return (
    <section aria-label={title} className="flex flex-col gap-2">
      <h3 className="text-sm font-semibold">{title}</h3>
      <Difference id={id} from={from} to={to} height={height} />
    </section>
  )
}

/** Publishes the draft; a refusal shows its reasons, a race shows itself. */
export function PublishDialog({ active, onClose }: { active: number | null | undefined; onClose: () => void }) {
  const builder = useBuilder()
  const document = useDocument()
  const [message, setMessage] = useState('')
  const [reason, setReason] = useState('')
  const [base] = useState(active)
  const [playing, setPlaying] = useState(false)
  const { list } = useStore(builder.diagnostics)
  const errors = list.filter((problem) => problem.severity === 'error')
  const tests = useQuery({ ...reads.testRun(builder.id, document), enabled: errors.length === 0 })
  const publish = usePublish(onClose)
  const refusal = refusalOf(publish.error)
  const results = refusal.tests ?? tests.data?.results ?? []
  const reasons = refusal.reasons.length > 0 ? refusal.reasons : errors
  return (
    <Dialog open onClose={onClose} title={s.title} description={s.text} wide={active != null ? 'full' : undefined}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          publish.mutate({ message, expected_active: active, reason })
        }}
      >
        <Field label={s.message}>
          {(props) => (
            <Input
              {...props}
              autoFocus
              required
              maxLength={500}
              value={message}
              onChange={(event) => setMessage(event.target.value)}
            />
          )}
        </Field>
        {tests.isFetching && results.length === 0 && <p className="text-sm text-faint">{s.testing}</p>}
        {results.length > 0 && <TestResults results={results} />}
        {results.some((result) => !result.passed) && (
          <Field label={s.override} hint={s.overrideHint}>
            {(props) => (
              <Input {...props} maxLength={2000} value={reason} onChange={(event) => setReason(event.target.value)} />
            )}
          </Field>
        )}
        {reasons.length > 0 && (
          <Note tone="bad">
            {s.refused}
            <Reasons list={reasons} />
          </Note>
        )}
        {publish.error && refusal.reasons.length === 0 && (
          <Note tone="bad">{refusal.raced ? s.race : problemText(publish.error)}</Note>
        )}
        {refusal.raced && base != null && refusal.theirs != null && refusal.theirs !== base && (
          <Compared title={s.theirs} from={base} to={String(refusal.theirs)} height="h-72" />
        )}
        {active != null && <Compared title={s.changes} from={active} to="draft" height="h-80" />}
        <div className="flex justify-end gap-2">
          {active != null && <Button onClick={() => setPlaying(true)}>{backtest.open}</Button>}
          <Button type="submit" look="primary" busy={publish.isPending} disabled={errors.length > 0}>
            {s.submit}
          </Button>
        </div>
      </form>
      {playing && <BacktestDialog id={builder.id} before={() => builder.flush()} onClose={() => setPlaying(false)} />}
    </Dialog>
  )
}
