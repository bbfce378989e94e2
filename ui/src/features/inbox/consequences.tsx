import type { BranchPreview, Checkpoint, GuardedRequest } from '@/api/types'
import { jsonEqual } from '@/model/json'
import { cx } from '@/ui/cx'
import { JsonView } from '@/ui/json-view'
import { Note } from '@/ui/states'
import { Section } from './section'
import { strings as s } from './strings'

type Difference = NonNullable<Checkpoint['difference']>

/** The fact rows beside the summary: label left, value right, the value large enough to be read first. */
export function Facts({ facts }: { facts: Checkpoint['facts'] }) {
  if (facts.length === 0) return null
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 rounded-lg border border-line px-4 py-3">
      {facts.map((fact, index) => (
        <div key={index} className="contents">
          <dt className="text-sm text-muted">{fact.label}</dt>
          <dd className="text-sm font-medium break-words">{fact.value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Risk({ risk }: { risk: string }) {
  return (
    <span
      className={cx(
        'rounded-full px-2 py-0.5 text-xs font-medium',
        risk === 'high' ? 'bg-bad-soft text-bad' : 'bg-hover text-muted',
      )}
    >
      {s.risk[risk] ?? risk}
    </span>
  )
}

/** A request as it would leave, byte for byte. */
function RequestCard({ guarded }: { guarded: GuardedRequest }) {
  const request = guarded.request
  const headers = Object.entries(request?.headers ?? {})
  return (
    <li className="overflow-hidden rounded-lg border border-line">
      <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1 border-b border-line bg-sunken px-3 py-2">
        <span className="font-medium">{guarded.title}</span>
        <span className="font-mono text-xs break-all text-faint">{guarded.action}</span>
      </div>
      <div className="flex flex-col gap-2 p-3">
        {request && (
          <p className="font-mono text-xs break-all">
            <span className="mr-2 rounded bg-accent-soft px-1.5 py-0.5 font-semibold text-accent">
              {request.method}
            </span>
            {request.url}
          </p>
        )}
        {headers.length > 0 && (
          <details className="text-xs">
            <summary className="cursor-pointer text-faint">{s.headers}</summary>
            <dl className="mt-1 font-mono">
              {headers.map(([name, value]) => (
                <div key={name} className="break-all">
                  <dt className="inline text-faint">{name}: </dt>
                  <dd className="inline">{String(value)}</dd>
                </div>
              ))}
            </dl>
          </details>
        )}
        {request?.body != null ? (
          <JsonView value={request.body} label={s.body} />
        ) : guarded.input != null ? (
          <JsonView value={guarded.input} label={s.input} />
        ) : null}
      </div>
    </li>
  )
}

/** What is written down for machines: closed until somebody wants to see it. */
export function Technical({ checkpoint }: { checkpoint: Checkpoint }) {
  const { requests, receipt } = checkpoint
  if (requests.length === 0 && !receipt) return null
  return (
    <details className="group rounded-lg border border-line">
      <summary className="cursor-pointer px-4 py-2.5 text-sm font-medium hover:bg-hover">{s.technical}</summary>
      <div className="flex flex-col gap-3 border-t border-line p-4">
        <ul className="flex flex-col gap-2">
          {requests.map((guarded) => (
            <RequestCard key={guarded.step} guarded={guarded} />
          ))}
        </ul>
        {receipt && <JsonView value={receipt} label={s.receipt} />}
      </div>
    </details>
  )
}

function Branch({ branch }: { branch: BranchPreview | null | undefined }) {
  if (!branch) return null
  return (
    <div className="flex flex-col gap-2 text-sm">
      <ol className="flex flex-col gap-1">
        {branch.steps.map((step) => (
          <li key={step.step} className="flex flex-wrap items-baseline gap-x-2">
            <span className="w-28 font-mono text-[11px] text-faint">{step.kind}</span>
            <span>{step.title}</span>
            {step.action && <span className="font-mono text-xs text-faint">{step.action}</span>}
            {step.channels.length > 0 && <span className="text-xs text-faint">{step.channels.join(', ')}</span>}
          </li>
        ))}
      </ol>
      {branch.steps.length === 0 && <p className="text-muted">{s.thenStep(branch.title || branch.step)}</p>}
      {branch.messages.length > 0 && (
        <div>
          <p className="text-xs text-faint">{s.says}</p>
          {branch.messages.map((message, index) => (
            <blockquote key={index} className="mt-1 border-l-2 border-line-strong pl-3 whitespace-pre-wrap">
              {message}
            </blockquote>
          ))}
        </div>
      )}
    </div>
  )
}

function BeforeAfter({ before, now, labels }: { before: unknown; now: unknown; labels: [string, string] }) {
  return (
    <div className="grid gap-2 lg:grid-cols-2">
      <div>
        <p className="text-xs text-faint">{labels[0]}</p>
        <JsonView value={before} label={labels[0]} />
      </div>
      <div>
        <p className="text-xs text-faint">{labels[1]}</p>
        <JsonView value={now} label={labels[1]} />
      </div>
    </div>
  )
}

/** Why an earlier yes counts no more. */
function Changed({ difference }: { difference: Difference }) {
  const same = jsonEqual(difference.approved, difference.now)
  return (
    <>
      {difference.account_changed && <Note tone="warn">{s.accountChanged}</Note>}
      {!difference.account_changed && same && <Note tone="muted">{s.same}</Note>}
      {!same && (
        <Section title={s.void}>
          <BeforeAfter before={difference.approved} now={difference.now} labels={[s.approvedThen, s.now]} />
        </Section>
      )}
    </>
  )
}

/** What each answer leads to, before anybody gives it. */
export function Consequences({ checkpoint }: { checkpoint: Checkpoint }) {
  return (
    <>
      {checkpoint.difference && <Changed difference={checkpoint.difference} />}
      {checkpoint.edited.map((one) => (
        <Section key={one.step} title={s.editedBy(one.step)}>
          <BeforeAfter before={one.approved} now={one.now} labels={[s.before, s.now]} />
        </Section>
      ))}
      <Section title={s.onApprove}>
        {checkpoint.requests.length === 0 && <p className="text-sm text-faint">{s.noRequests}</p>}
        <ul className="flex flex-col gap-1.5">
          {checkpoint.requests.map((guarded) => (
            <li key={guarded.step} className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
              <span className="font-medium">{guarded.title}</span>
              <span className="font-mono text-xs break-all text-faint">{guarded.action}</span>
              {guarded.connection && <span className="text-xs text-faint">{s.account(guarded.connection)}</span>}
              <Risk risk={guarded.risk} />
              {guarded.error && (
                <span className="basis-full">
                  <Note tone="bad">{guarded.error}</Note>
                </span>
              )}
            </li>
          ))}
        </ul>
        <Branch branch={checkpoint.on_approve} />
      </Section>
      <Section title={s.onReject}>
        <Branch branch={checkpoint.on_reject} />
      </Section>
      {checkpoint.on_changes && (
        <Section title={s.onChanges}>
          {checkpoint.changes_left != null && (
            <p className="text-sm text-muted">{s.changesLeft(checkpoint.changes_left)}</p>
          )}
          <Branch branch={checkpoint.on_changes} />
        </Section>
      )}
      <Technical checkpoint={checkpoint} />
    </>
  )
}
