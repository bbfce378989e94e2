import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import { ApiProblem, problemText } from '@/api/client'
import type { Diagnostic } from '@/api/types'
import { BacktestDialog } from '@/components/backtest/backtest-dialog'
import { strings as backtest } from '@/components/backtest/strings'
import { Difference, TextDiff } from '@/components/difference/difference'
import { TestResults } from '@/components/test-results'
import type { DiffLine } from '@/model/diff'
import { diffLines, inOrderOf } from '@/model/line-diff'
import { toYaml } from '@/model/yaml'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input, Textarea } from '@/ui/field'
import { Note } from '@/ui/states'
import { useStore } from '@/ui/store'
import { toast } from '@/ui/toast'
import { reads, writes } from './api'
import { useBuilder, useDocument } from './context'
import { strings as shell } from './shell-strings'
import { strings } from './strings'

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
          {strings.publish.more(more)}
        </button>
      )}
    </>
  )
}

/** Publishes the draft; a refusal shows its reasons, a race shows itself. */
export function PublishDialog({ active, onClose }: { active: number | null | undefined; onClose: () => void }) {
  const s = strings.publish
  const builder = useBuilder()
  const client = useQueryClient()
  const [message, setMessage] = useState('')
  const { list } = useStore(builder.diagnostics)
  const [base] = useState(active)
  const [playing, setPlaying] = useState(false)
  const errors = list.filter((problem) => problem.severity === 'error')
  const [reason, setReason] = useState('')
  const tests = useQuery({ ...reads.testRun(builder.id, useDocument()), enabled: errors.length === 0 })
  const publish = useMutation({
    mutationFn: async () => {
      await builder.flush()
      return writes.publish(builder.id, {
        message,
        expected_active: active,
        expected_revision: builder.saving.get().revision,
        override_tests: reason.trim() || undefined,
      })
    },
    onSuccess: (version) => {
      void client.invalidateQueries({ queryKey: ['workflows'] })
      toast.ok(s.done(version.version))
      onClose()
    },
    onError: () => client.invalidateQueries({ queryKey: ['workflows'] }),
  })
  const refused = publish.error instanceof ApiProblem ? (publish.error.problem.diagnostics ?? []) : []
  const results =
    (publish.error instanceof ApiProblem ? publish.error.problem.tests : undefined) ?? tests.data?.results ?? []
  const failing = results.some((result) => !result.passed)
  const raced = publish.error instanceof ApiProblem && publish.error.status === 409
  const theirs = publish.error instanceof ApiProblem ? publish.error.problem.current?.active_version : undefined
  const reasons = refused.length > 0 ? refused : errors
  return (
    <Dialog open onClose={onClose} title={s.title} description={s.text} wide={active != null ? 'full' : undefined}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          publish.mutate()
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
        {failing && (
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
        {publish.error && refused.length === 0 && <Note tone="bad">{raced ? s.race : problemText(publish.error)}</Note>}
        {raced && base != null && theirs != null && theirs !== base && (
          <section aria-label={s.theirs} className="flex flex-col gap-2">
            <h3 className="text-sm font-semibold">{s.theirs}</h3>
            <Difference id={builder.id} from={base} to={String(theirs)} height="h-72" />
          </section>
        )}
        {active != null && (
          <section aria-label={s.changes} className="flex flex-col gap-2">
            <h3 className="text-sm font-semibold">{s.changes}</h3>
            <Difference id={builder.id} from={active} to="draft" height="h-80" />
          </section>
        )}
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

/** Two people edited the same draft: what differs, line by line, and one choice. */
export function ConflictDialog() {
  const s = strings.conflict
  const builder = useBuilder()
  const saving = useStore(builder.saving)
  const mine = useDocument()
  const theirs = saving.kind === 'conflict' ? saving.theirs.document : null
  const lines = useMemo(
    () => (theirs ? diffLines(toYaml(theirs), toYaml(inOrderOf(mine, theirs))) : []),
    [theirs, mine],
  )
  if (!theirs) return null
  const count = (kind: DiffLine['kind']) => lines.filter((line) => line.kind === kind).length
  return (
    <Dialog open onClose={() => undefined} closable={false} title={s.title} description={s.text} wide>
      {lines.length === 0 ? (
        <p className="text-sm text-muted">{shell.conflict.same}</p>
      ) : (
        <>
          <p className="mb-2 flex flex-wrap gap-2 text-xs">
            <span className="rounded bg-bad-soft px-2 py-0.5 text-bad">{shell.conflict.theirs(count('removed'))}</span>
            <span className="rounded bg-ok-soft px-2 py-0.5 text-ok">{shell.conflict.mine(count('added'))}</span>
          </p>
          <TextDiff lines={lines} className="max-h-[44vh] overflow-y-auto" />
        </>
      )}
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={() => void builder.settle('theirs')}>{s.theirs}</Button>
        <Button look="primary" onClick={() => void builder.settle('mine')}>
          {s.mine}
        </Button>
      </div>
    </Dialog>
  )
}

/** Somebody goes elsewhere while the draft is not saved and could not be. */
export function LeaveDialog({ onStay, onLeave }: { onStay: () => void; onLeave: () => void }) {
  const s = strings.leave
  const builder = useBuilder()
  const saving = useStore(builder.saving)
  const mine = useDocument()
  const kept = builder.kept()
  const lines = useMemo(() => diffLines(toYaml(kept), toYaml(inOrderOf(mine, kept))), [kept, mine])
  // Another try worked meanwhile: nothing is in the way any more.
  useEffect(() => {
    if (saving.kind === 'saved') onLeave()
  }, [saving.kind, onLeave])
  return (
    <Dialog
      open
      onClose={onStay}
      title={s.title}
      description={saving.kind === 'failed' ? s.because(saving.message) : s.text}
      wide
    >
      <p className="mb-2 text-sm text-muted">{s.lost}</p>
      <TextDiff lines={lines} className="max-h-[44vh] overflow-y-auto" />
      <div className="mt-4 flex justify-end gap-2">
        <Button look="danger" onClick={onLeave}>
          {s.leave}
        </Button>
        <Button look="primary" autoFocus onClick={onStay}>
          {s.stay}
        </Button>
      </div>
    </Dialog>
  )
}

function parseInput(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: text.trim() === '' ? {} : (JSON.parse(text) as unknown) }
  } catch {
    return { ok: false }
  }
}

/** Starts a run of the active version by hand and opens it. */
export function RunDialog({ active, onClose }: { active: number | null | undefined; onClose: () => void }) {
  const s = strings.run
  const builder = useBuilder()
  const navigate = useNavigate()
  const [text, setText] = useState('{}')
  const [key] = useState(() => crypto.randomUUID())
  const input = parseInput(text)
  const start = useMutation({
    mutationFn: () => writes.startRun({ workflow: builder.id, input: input.ok ? input.value : {} }, key),
    onSuccess: (run) => void navigate({ to: '/runs/$run', params: { run: run.id } }),
  })
  return (
    <Dialog open onClose={onClose} title={s.title} description={active == null ? s.never : s.text}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          start.mutate()
        }}
      >
        <Field label={s.input} error={input.ok ? undefined : s.bad}>
          {(props) => (
            <Textarea
              {...props}
              rows={5}
              autoFocus
              spellCheck={false}
              className="font-mono !text-xs"
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
        {start.error && <Note tone="bad">{problemText(start.error)}</Note>}
        <div className="flex justify-end">
          <Button type="submit" look="primary" busy={start.isPending} disabled={!input.ok || active == null}>
            {s.submit}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
