import type { RetryPlan, RetryVersion, RunDetail } from '@/api/types'
import { Difference } from '@/components/difference/difference'
import { brief } from '@/model/json'
import { Checkbox, Field, Select, Textarea } from '@/ui/field'
import { strings } from './strings'

const s = strings.retry
/** As many places as the server lists. */
const LISTED_MAX = 1000

/** What was done already and would be done again: each needs a word of its own. */
export function Repeats({
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
export function Differences({ workflow, plan }: { workflow: string; plan: RetryPlan }) {
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

/** From which step, and on which version. */
export function Whence({
  run,
  plan,
  version,
  onStep,
  onVersion,
}: {
  run: RunDetail
  plan: RetryPlan
  version: RetryVersion
  onStep: (step: string) => void
  onVersion: (version: RetryVersion) => void
}) {
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <Field
        label={s.step}
        hint={plan.asks_again.length > 0 ? s.asksAgain(plan.asks_again.map((one) => one.title)) : undefined}
      >
        {(props) => (
          <Select {...props} value={plan.step ?? ''} onChange={(event) => onStep(event.target.value)}>
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
          <Select {...props} value={version} onChange={(event) => onVersion(event.target.value as RetryVersion)}>
            <option value="same">{s.same(run.version)}</option>
            <option value="newest">{s.newest}</option>
          </Select>
        )}
      </Field>
    </div>
  )
}

/** A part of the state as JSON to edit. */
export function StateField({
  label,
  hint,
  rows,
  bad,
  value,
  onChange,
  className,
}: {
  label: string
  hint: string
  rows: number
  bad: boolean
  value: string
  onChange: (text: string) => void
  className?: string
}) {
  return (
    <Field label={label} hint={hint} error={bad ? s.notJson : undefined} className={className}>
      {(props) => (
        <Textarea
          {...props}
          rows={rows}
          spellCheck={false}
          className="font-mono !text-xs"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}
