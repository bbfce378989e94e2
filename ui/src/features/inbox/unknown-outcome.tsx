import { useState } from 'react'
import type { Checkpoint } from '@/api/types'
import { LookedUp } from '@/components/looked-up'
import { present } from '@/model/json'
import { Button } from '@/ui/button'
import { Field, Textarea } from '@/ui/field'
import { JsonView } from '@/ui/json-view'
import { Note } from '@/ui/states'
import { At } from '@/ui/time'
import { SignInAgain, takesPassword } from './sign-in-again'
import { strings } from './strings'
import { alreadyText, useDecision } from './use-decision'

const s = strings.unknown
const CHOICES = ['happened', 'not_happened', 'stop'] as const
const HELP = { happened: s.happenedHelp, not_happened: s.not_happenedHelp, stop: s.stopHelp }

function parseResult(text: string): { ok: true; value: unknown } | { ok: false } {
  if (text.trim() === '') return { ok: true, value: undefined }
  try {
    return { ok: true, value: JSON.parse(text) as unknown }
  } catch {
    return { ok: false }
  }
}

function Told({ title, value }: { title: string; value: unknown }) {
  return (
    <section className="flex min-w-0 flex-col gap-1">
      <h3 className="text-xs font-medium text-faint">{title}</h3>
      <JsonView value={value} label={title} />
    </section>
  )
}

/** A call was sent and its answer lost: what was sent, and the three things a person can say about it. */
export function UnknownDecision({ checkpoint }: { checkpoint: Checkpoint }) {
  const [result, setResult] = useState('')
  const decision = useDecision(checkpoint)
  const parsed = parseResult(result)
  const sent = checkpoint.unknown
  const lost = alreadyText(decision.error)
  return (
    <div className="flex flex-col gap-4 rounded-lg border border-line-strong bg-raised p-4 shadow-sm">
      {lost && <Note tone="warn">{lost}</Note>}
      {takesPassword(decision.error) && (
        <SignInAgain again={() => decision.variables && decision.mutate(decision.variables)} />
      )}
      <div>
        <h2 className="font-semibold text-odd">{s.title}</h2>
        <p className="text-sm text-muted">{s.text}</p>
      </div>
      {sent && (
        <div className="flex flex-col gap-2">
          <p className="flex flex-wrap gap-x-4 text-sm">
            <span className="font-mono text-xs">{sent.action}</span>
            <span className="text-faint">
              {s.at} <At at={sent.at} />
            </span>
          </p>
          {sent.key && (
            <p className="font-mono text-xs break-all text-faint">
              {s.key}: {sent.key}
            </p>
          )}
          <p className="text-sm text-bad">{sent.error.message}</p>
          {sent.look_up ? <LookedUp lookUp={sent.look_up} /> : <p className="text-sm text-muted">{s.noLookUp}</p>}
          <Told title={s.sent} value={sent.sent} />
          {present(sent.exchange) && <Told title={s.exchange} value={sent.exchange} />}
        </div>
      )}
      <Field label={s.result} error={parsed.ok ? undefined : s.badJson}>
        {(props) => (
          <Textarea
            {...props}
            rows={2}
            className="font-mono text-xs"
            value={result}
            onChange={(event) => setResult(event.target.value)}
          />
        )}
      </Field>
      <div className="grid gap-2 sm:grid-cols-3">
        {CHOICES.filter((choice) => checkpoint.outcomes.includes(choice)).map((choice) => (
          <div key={choice} className="flex flex-col gap-1">
            <Button
              look={choice === 'stop' ? 'danger' : 'plain'}
              disabled={!checkpoint.may_decide || !parsed.ok}
              busy={decision.isPending && decision.variables?.outcome === choice}
              onClick={() =>
                decision.mutate({
                  outcome: choice,
                  result: parsed.ok && choice === 'happened' ? parsed.value : undefined,
                })
              }
            >
              {s[choice]}
            </Button>
            <p className="text-xs text-faint">{HELP[choice]}</p>
          </div>
        ))}
      </div>
      {!checkpoint.may_decide && (
        <Note tone="muted">
          {strings.mayNot}
          {checkpoint.why_not ? `: ${checkpoint.why_not}` : '.'}
        </Note>
      )}
    </div>
  )
}
