import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { problemText } from '@/api/client'
import { queries } from '@/api/queries'
import type { RetryPlan, RetryVersion, RunDetail } from '@/api/types'
import { QueryState } from '@/app/query-state'
import { Difference } from '@/components/difference/difference'
import { brief, isObject, type JsonObject } from '@/model/json'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Checkbox, Field, Select, Textarea } from '@/ui/field'
import { Note } from '@/ui/states'
import { toast } from '@/ui/toast'
import { reads, writes } from './api'
import { strings } from './strings'

const s = strings.retry
/** As many places as the server lists. */
const LISTED_MAX = 1000

export type RetryFrom = { step?: string; point?: number }

const pretty = (value: unknown) => JSON.stringify(value, null, 2)

function readObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function Repeats({
  plan,
  agreed,
  onAgree,
}: {
  plan: RetryPlan
  agreed: readonly string[]
  onAgree: (steps: string[]) => void
}) {
  if (plan.repeats.length === 0) return null
  return (
    <fieldset className="flex flex-col gap-2 rounded-md border border-warn bg-warn-soft p-3">
      <legend className="px-1 text-sm font-medium text-warn">{s.repeats}</legend>
      <p className="text-sm">{s.repeatsText}</p>
      {plan.repeats.map((done) => (
        <Checkbox
          key={done.step}
          checked={agreed.includes(done.step)}
          onChange={(event) =>
            onAgree(event.target.checked ? [...agreed, done.step] : agreed.filter((step) => step !== done.step))
          }
          label={
            <span>
              {s.again(done.title)} <span className="font-mono text-xs text-muted">{done.action}</span>{' '}
              <span className="text-xs text-muted">
                {done.certain ? s.done(new Date(done.at).toLocaleString()) : s.perhaps}
              </span>
            </span>
          }
        />
      ))}
    </fieldset>
  )
}

/** The two versions drawn and as text, which steps changed, and each place, as far as the server lists them. */
function Differences({ workflow, plan }: { workflow: string; plan: RetryPlan }) {
  if (plan.from_version === plan.to_version) return <p className="text-sm text-muted">{s.sameVersion}</p>
  return (
    <section aria-label={s.compared} className="flex flex-col gap-2">
      <Difference id={workflow} from={plan.from_version} to={String(plan.to_version)} height="h-72" />
      <details className="text-sm">
        <summary className="cursor-pointer font-medium">{s.differences(plan.differences.length)}</summary>
        <ul
          tabIndex={0}
          aria-label={s.differencesLabel}
          className="mt-1 flex max-h-40 flex-col gap-1 overflow-y-auto font-mono text-xs"
        >
          {plan.differences.map((change) => (
            <li key={change.pointer} className="break-words">
              <span className="text-muted">{change.pointer}</span>{' '}
              {change.kind !== 'added' && (
                <del className="rounded bg-bad-soft px-1 text-bad">{brief(change.before, 80)}</del>
              )}{' '}
              {change.kind !== 'removed' && (
                <ins className="rounded bg-ok-soft px-1 text-ok no-underline">{brief(change.after, 80)}</ins>
              )}
            </li>
          ))}
          {plan.differences.length >= LISTED_MAX && <li className="text-muted">{s.cut}</li>}
        </ul>
      </details>
    </section>
  )
}

type Edited = { vars?: string; steps?: string }

type FormProps = {
  run: RunDetail
  from: RetryFrom
  version: RetryVersion
  setVersion: (version: RetryVersion) => void
  onClose: () => void
}

function RetryForm({ run, from, version, setVersion, onClose }: FormProps) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [key] = useState(() => `retry-${run.id}-${Date.now()}-${Math.random().toString(36).slice(2)}`)
  const [step, setStep] = useState(from.step)
  const [point, setPoint] = useState(from.point)
  const [edited, setEdited] = useState<Edited>({})
  const [agreed, setAgreed] = useState<string[]>([])
  const first = step ?? run.step ?? undefined
  const query = useQuery(reads.retryPlan(run.id, { step: first, version, point }))
  const vars = edited.vars === undefined ? null : readObject(edited.vars)
  const steps = edited.steps === undefined ? null : readObject(edited.steps)
  const broken = (edited.vars !== undefined && !vars) || (edited.steps !== undefined && !steps)
  const retry = useMutation({
    mutationFn: (plan: RetryPlan) => {
      const state =
        edited.vars === undefined && edited.steps === undefined
          ? undefined
          : { vars: vars ?? plan.state.vars, steps: steps ?? plan.state.steps }
      return writes.retryRun(run.id, { step: plan.step ?? undefined, version, point, state, repeat: agreed }, key)
    },
    onSuccess: (next) => {
      client.setQueryData(queries.run(next.id).queryKey, next)
      void client.invalidateQueries({ queryKey: ['runs'] })
      toast.ok(next.id === run.id ? s.goesOn : s.newRun)
      onClose()
      void navigate({ to: '/runs/$run', params: { run: next.id } })
    },
  })
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
            retry.mutate(plan)
          }}
        >
          <div className="grid gap-3 sm:grid-cols-2">
            <Field
              label={s.step}
              hint={plan.asks_again.length > 0 ? s.asksAgain(plan.asks_again.map((one) => one.title)) : undefined}
            >
              {(props) => (
                <Select {...props} value={plan.step ?? ''} onChange={(event) => setStep(event.target.value)}>
                  {plan.steps.map((one) => (
                    <option key={one.step} value={one.step}>
                      {one.title} ({one.kind})
                    </option>
                  ))}
                </Select>
              )}
            </Field>
            <Field label={s.version}>
              {(props) => (
                <Select {...props} value={version} onChange={(event) => setVersion(event.target.value as RetryVersion)}>
                  <option value="same">{s.same(run.version)}</option>
                  <option value="newest">{s.newest}</option>
                </Select>
              )}
            </Field>
          </div>
          {version === 'newest' && <Differences workflow={run.workflow.id} plan={plan} />}
          <Repeats plan={plan} agreed={agreed} onAgree={setAgreed} />
          {point !== undefined && (
            <Note tone="muted">
              {s.atPoint(point)}{' '}
              <button
                type="button"
                className="text-accent underline"
                onClick={() => {
                  setPoint(undefined)
                  setEdited({})
                }}
              >
                {s.useEnd}
              </button>
            </Note>
          )}
          <Field label={s.vars} hint={s.varsHint} error={edited.vars !== undefined && !vars ? s.notJson : undefined}>
            {(props) => (
              <Textarea
                {...props}
                rows={7}
                spellCheck={false}
                className="font-mono !text-xs"
                value={edited.vars ?? pretty(plan.state.vars)}
                onChange={(event) => setEdited({ ...edited, vars: event.target.value })}
              />
            )}
          </Field>
          <details>
            <summary className="cursor-pointer text-sm text-muted">{s.results}</summary>
            <Field
              label={s.resultsLabel}
              hint={s.resultsHint}
              error={edited.steps !== undefined && !steps ? s.notJson : undefined}
              className="mt-2"
            >
              {(props) => (
                <Textarea
                  {...props}
                  rows={8}
                  spellCheck={false}
                  className="font-mono !text-xs"
                  value={edited.steps ?? pretty(plan.state.steps)}
                  onChange={(event) => setEdited({ ...edited, steps: event.target.value })}
                />
              )}
            </Field>
          </details>
          {retry.error && <Note tone="bad">{problemText(retry.error)}</Note>}
          <div className="flex items-center justify-end gap-2">
            <p className="mr-auto text-xs text-faint">{s.onRecord}</p>
            <Button onClick={onClose}>{s.cancel}</Button>
            <Button
              type="submit"
              look="primary"
              busy={retry.isPending}
              disabled={broken || plan.repeats.some((done) => !agreed.includes(done.step))}
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
