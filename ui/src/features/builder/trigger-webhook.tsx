import { useState } from 'react'
import type { Trigger } from '@/model/document'
import { headerOf, HEADERS, readHeader, withPart } from '@/model/trigger'
import { Field, Input, Select } from '@/ui/field'
import { ExpressionField } from './expression-field'
import { DurationBox } from './fields'
import { useProblemAt } from './problems'
import type { Place } from './sample'
import { NameField, type TriggerProps } from './trigger-fields'
import { SignatureFields } from './trigger-signature'
import { strings } from './trigger-strings'
import { RulesOrText } from './when-field'

const s = strings.webhook
const CALL: Place = { kind: 'call' }
type Webhook = Extract<Trigger, { type: 'webhook' }>
type Props = TriggerProps<Webhook>
type OverCallProps = { label: string; hint: string; field: string; value: string; onChange: (text: string) => void }

/** An expression over a call. */
function OverCall(props: OverCallProps) {
  const { label, field } = props
  return <ExpressionField {...props} name={label} error={useProblemAt(field)} mode="expression" place={CALL} />
}

function Filter({ trigger, field, change }: Props) {
  const at = `${field}.filter`
  const set = (text: string) => change(withPart(trigger, 'filter', text))
  const text = trigger.filter ?? ''
  const problem = useProblemAt(at)
  return (
    <RulesOrText field={at} label={s.filter} problem={problem} text={text} place={CALL} onChange={set}>
      <OverCall label={s.filter} hint={s.filterHint} field={at} value={text} onChange={set} />
    </RulesOrText>
  )
}

const NONE = 'none'
const OTHER = 'header'
const EXPRESSION = 'expression'

/** How the calls that are one are told, as it is written. */
function wayOf(dedup: string | undefined): string {
  if (dedup === undefined) return NONE
  const header = headerOf(dedup)
  return header === null ? EXPRESSION : HEADERS.includes(header) ? header : OTHER
}

function Header({ dedup, set }: { dedup: string; set: (dedup: string | undefined) => void }) {
  const [draft, setDraft] = useState<string | null>(null)
  const bad = draft !== null && draft.trim() !== '' && readHeader(draft) === undefined
  return (
    <Field label={s.header} error={bad ? s.headerBad : undefined}>
      {(props) => (
        <Input
          {...props}
          spellCheck={false}
          placeholder={s.headerExample}
          className="font-mono !text-xs"
          value={draft ?? headerOf(dedup) ?? ''}
          onBlur={() => setDraft(null)}
          onChange={(event) => {
            setDraft(event.target.value)
            set(readHeader(event.target.value))
          }}
        />
      )}
    </Field>
  )
}

function Dedup({ trigger, field, change }: Props) {
  const at = `${field}.dedup`
  const { dedup } = trigger
  // What was chosen and has no value yet, or could be read as something simpler.
  const [chosen, setChosen] = useState<string | null>(null)
  const way = chosen ?? wayOf(dedup)
  const set = (text: string | undefined) => change(withPart(trigger, 'dedup', text))
  const choose = (next: string) => {
    setChosen(next === OTHER || next === EXPRESSION ? next : null)
    if (next === NONE) set(undefined)
    else if (HEADERS.includes(next)) set(readHeader(next))
    else if (next === OTHER && headerOf(dedup ?? '') === null) set(undefined)
  }
  const problem = useProblemAt(at)
  return (
    <div data-field={way === EXPRESSION ? undefined : at} className="flex flex-col gap-2">
      <Field label={s.dedup} hint={s.dedupHint} error={way === EXPRESSION ? undefined : problem}>
        {(props) => (
          <Select {...props} value={way} onChange={(event) => choose(event.target.value)}>
            <option value={NONE}>{s.dedupNone}</option>
            {HEADERS.map((name) => (
              <option key={name} value={name}>
                {s.dedupHeader(name)}
              </option>
            ))}
            <option value={OTHER}>{s.dedupOther}</option>
            <option value={EXPRESSION}>{s.dedupExpression}</option>
          </Select>
        )}
      </Field>
      {way === OTHER && <Header dedup={dedup ?? ''} set={set} />}
      {way === EXPRESSION && (
        <OverCall label={s.value} hint={s.valueHint} field={at} value={dedup ?? ''} onChange={set} />
      )}
    </div>
  )
}

function Answer({ trigger, field, change }: Props) {
  const within = useProblemAt(`${field}.respond_within`)
  const problem = useProblemAt(`${field}.respond`)
  const waits = trigger.respond === 'end'
  return (
    <>
      <Field label={s.respond} hint={waits ? s.respondHint : undefined} error={waits ? problem : (problem ?? within)}>
        {(props) => (
          <Select
            {...props}
            data-field={`${field}.respond`}
            value={trigger.respond ?? 'accepted'}
            onChange={(event) => change(withPart(trigger, 'respond', event.target.value))}
          >
            <option value="accepted">{s.responds.accepted}</option>
            <option value="end">{s.responds.end}</option>
          </Select>
        )}
      </Field>
      {waits && (
        <DurationBox
          label={s.within}
          hint={s.withinHint}
          error={within}
          field={`${field}.respond_within`}
          placeholder="30s"
          value={trigger.respond_within ?? ''}
          onChange={(text) => change(withPart(trigger, 'respond_within', text))}
        />
      )}
    </>
  )
}

/** A call from outside: which calls count, which are one, and how they are answered. */
export function WebhookFields(props: Props) {
  const { trigger, field, change } = props
  const verify = trigger.verify ?? 'none'
  return (
    <>
      <NameField {...props} part="path" value={trigger.path} />
      <Field
        label={s.verify}
        hint={verify === 'none' ? s.verifyNone : s.verifyHint}
        error={useProblemAt(`${field}.verify`)}
      >
        {(own) => (
          <Select
            {...own}
            data-field={`${field}.verify`}
            value={verify}
            onChange={(event) => change(withPart(trigger, 'verify', event.target.value))}
          >
            {Object.entries(s.verifies).map(([id, label]) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {verify === 'hmac' && <SignatureFields {...props} />}
      <Filter {...props} />
      <OverCall
        label={strings.input}
        hint={s.inputHint}
        field={`${field}.input`}
        value={trigger.input ?? ''}
        onChange={(text) => change(withPart(trigger, 'input', text))}
      />
      <Dedup {...props} />
      <Answer {...props} />
    </>
  )
}
