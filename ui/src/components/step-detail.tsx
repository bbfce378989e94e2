import type { Attempt, StepError, StepExecution } from '@/api/types'
import { measured } from '@/model/duration'
import { brief, present } from '@/model/json'
import { JsonView } from '@/ui/json-view'
import { At } from '@/ui/time'
import { LookedUp } from './looked-up'
import { Status } from './status'
import { strings } from './strings'

const s = strings.steps

function Block({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className="flex min-w-0 flex-col gap-1">
      <h3 className="text-xs font-medium text-faint">{title}</h3>
      {children}
    </section>
  )
}

/** What a page can offer at each step beyond what the step recorded. */
export type StepTools = {
  actions?: (step: StepExecution) => React.ReactNode
  requests?: (step: StepExecution) => React.ReactNode
}

/** Why it failed, what is behind it, what helps. */
export function ErrorCard({ error }: { error: StepError }) {
  return (
    <div role="group" aria-label={s.error} className="flex flex-col gap-1 rounded-md bg-bad-soft px-3 py-2 text-sm">
      <p className="font-medium text-bad">{error.message}</p>
      {error.cause && (
        <p>
          <span className="font-medium">{s.cause}</span> {error.cause}
        </p>
      )}
      {error.help && (
        <p>
          <span className="font-medium">{s.help}</span> {error.help}
        </p>
      )}
      <p className="font-mono text-xs text-muted">
        {error.class} · {error.code}
      </p>
    </div>
  )
}

function AttemptRow({ attempt }: { attempt: Attempt }) {
  return (
    <li className="flex flex-col gap-1.5 border-l-2 border-line pl-3">
      <div className="flex flex-wrap items-center gap-x-3 text-xs">
        <span className="font-medium">{s.attempt(attempt.attempt)}</span>
        <Status status={attempt.status} className="!text-xs" />
        <span className="text-faint">{attempt.ended_at ? measured(attempt.ended_at - attempt.started_at) : null}</span>
        <span className="text-faint">
          <At at={attempt.started_at} />
        </span>
      </div>
      {attempt.key && (
        <p className="font-mono text-xs break-all text-faint">
          {s.key}: {attempt.key}
        </p>
      )}
      {attempt.error && (
        <p className="text-sm text-bad">
          {attempt.error.message}
          {attempt.error.help && <span className="text-muted"> {attempt.error.help}</span>}
        </p>
      )}
      <LookedUp lookUp={attempt.look_up} />
      {attempt.retry_at && (
        <p className="text-xs text-faint">
          {s.retryAt} <At at={attempt.retry_at} />
        </p>
      )}
      {present(attempt.request) && <JsonView value={attempt.request} label={s.request} />}
      {present(attempt.exchange) && <JsonView value={attempt.exchange} label={s.exchange} />}
    </li>
  )
}

function Decision({ checkpoint }: { checkpoint: NonNullable<StepExecution['checkpoint']> }) {
  return (
    <Block title={s.decision}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        <Status status={checkpoint.outcome ?? checkpoint.status} />
        {checkpoint.decided_by && <span>{s.by(checkpoint.decided_by.name, checkpoint.decided_by.via)}</span>}
        {checkpoint.given.length > 0 && <span className="text-muted">{s.given(checkpoint.given)}</span>}
        {checkpoint.decided_at && (
          <span className="text-faint">
            <At at={checkpoint.decided_at} />
          </span>
        )}
        {!checkpoint.decided_at && checkpoint.due_at && (
          <span className="text-faint">
            {s.due} <At at={checkpoint.due_at} />
          </span>
        )}
      </div>
      {checkpoint.comment && (
        <blockquote className="border-l-2 border-line-strong pl-3 text-sm text-muted">{checkpoint.comment}</blockquote>
      )}
      {present(checkpoint.saw) && (
        <details className="text-sm">
          <summary className="cursor-pointer text-muted">{s.saw}</summary>
          <JsonView value={checkpoint.saw} label={s.saw} />
        </details>
      )}
    </Block>
  )
}

/** Everything one step execution recorded. */
export function StepDetail({ step, tools }: { step: StepExecution; tools?: StepTools }) {
  const attempts = step.attempts
  const nothing =
    !present(step.input) &&
    !present(step.output) &&
    !step.error &&
    !step.checkpoint &&
    !step.condition &&
    attempts.length < 1
  return (
    <div className="flex flex-col gap-4 border-t border-line px-4 py-3">
      {tools?.actions && <div className="flex flex-wrap gap-2">{tools.actions(step)}</div>}
      {step.error && (
        <Block title={s.error}>
          <ErrorCard error={step.error} />
          {present(step.error.details) && <JsonView value={step.error.details} label={s.error} />}
        </Block>
      )}
      {step.checkpoint && <Decision checkpoint={step.checkpoint} />}
      {step.condition && (
        <Block title={s.conditions}>
          <ul className="flex flex-col gap-1">
            {step.condition.branches.map((branch, index) => (
              <li key={index} className="flex flex-wrap items-center gap-2 text-sm">
                <Status status={branch.held ? 'completed' : 'cancelled'} label={s.held(branch.held)} />
                <code className="font-mono text-xs break-all">{branch.when}</code>
                <span className="text-xs text-faint">
                  {s.value} {brief(branch.value ?? null, 60)}
                </span>
              </li>
            ))}
          </ul>
        </Block>
      )}
      <div className="grid gap-4 lg:grid-cols-2">
        {present(step.input) && (
          <Block title={s.input}>
            <JsonView value={step.input} label={s.input} />
          </Block>
        )}
        {present(step.output) && (
          <Block title={s.output}>
            <JsonView value={step.output} label={s.output} />
          </Block>
        )}
        {present(step.set) && (
          <Block title={s.set}>
            <JsonView value={step.set} label={s.set} />
          </Block>
        )}
        {present(step.notify?.messages) && (
          <Block title={s.message}>
            <JsonView value={step.notify?.messages} label={s.message} />
          </Block>
        )}
      </div>
      {step.messages.length > 0 && (
        <Block title={s.said}>
          {step.messages.map((message, index) => (
            <blockquote key={index} className="border-l-2 border-line-strong pl-3 text-sm whitespace-pre-wrap">
              {message}
            </blockquote>
          ))}
        </Block>
      )}
      {(step.moves ?? []).map((move) => (
        <p key={`${move.at}.${move.to}`} className="text-sm">
          {s.moved(move.undo, move.from, move.to)} <span className="text-muted">{move.by}</span>{' '}
          <span className="text-faint">
            <At at={move.at} />
          </span>
        </p>
      ))}
      {step.earlier_checkpoints.map((earlier) => (
        <Decision key={earlier.id} checkpoint={earlier} />
      ))}
      {attempts.length > 0 && (
        <Block title={s.attempts(attempts.length)}>
          {tools?.requests?.(step)}
          <ol className="flex flex-col gap-3">
            {attempts.map((attempt) => (
              <AttemptRow key={`${attempt.call}.${attempt.attempt}`} attempt={attempt} />
            ))}
          </ol>
        </Block>
      )}
      {nothing && <p className="text-sm text-faint">{s.none}</p>}
    </div>
  )
}
