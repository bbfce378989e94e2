import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { problemText } from '@/api/client'
import type { Answer, RenderedRequest, WaitingCall } from '@/api/types'
import { useMay } from '@/app/session'
import type { WorkflowDocument } from '@/model/document'
import { brief } from '@/model/json'
import { parseJson } from '@/model/rehearsal'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Checkbox, Field, Input, Select, Textarea } from '@/ui/field'
import { JsonView } from '@/ui/json-view'
import { Note } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { At } from '@/ui/time'
import { reads, writes } from './api'
import { strings } from './strings'
import type { Play } from './use-rehearsal'

const s = strings.call
type Way = keyof typeof s.ways
type Ask = { id: string; document: WorkflowDocument; play: Play; call: WaitingCall; answer: (answer: Answer) => void }

/** A request as it would go over the wire. */
export function Rendered({
  request,
  input,
  error,
}: {
  request: RenderedRequest | null
  input: unknown
  error?: string | null
}) {
  return (
    <details className="text-sm">
      <summary className="cursor-pointer text-xs text-muted">
        {s.request}
        {request && (
          <span className="ml-2 font-mono break-all text-faint">
            {request.method} {brief(request.url, 70)}
          </span>
        )}
      </summary>
      <div className="mt-1.5 flex flex-col gap-1.5">
        {error && <Note tone="warn">{error}</Note>}
        {request?.body != null ? (
          <JsonView value={request.body} label={s.request} />
        ) : (
          <JsonView value={input} label={s.input} />
        )}
      </div>
    </details>
  )
}

export function Risk({ risk }: { risk: WaitingCall['risk'] }) {
  return (
    <span
      className={cx(
        'rounded-full px-2 py-0.5 text-xs font-medium',
        risk === 'high' ? 'bg-bad-soft text-bad' : 'bg-hover text-muted',
      )}
    >
      {s.risk[risk]}
    </span>
  )
}

function JsonAnswer({
  first,
  label,
  given,
  answer,
}: {
  first: unknown
  label: string
  given?: 'sample'
  answer: Ask['answer']
}) {
  const start = JSON.stringify(first ?? {}, null, 2)
  const [text, setText] = useState(start)
  const parsed = parseJson(text)
  return (
    <form
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        if (parsed.ok) answer({ kind: 'output', output: parsed.value, given: text === start ? given : undefined })
      }}
    >
      <Field label={s.output} error={parsed.ok ? undefined : s.badOutput}>
        {(props) => (
          <Textarea
            {...props}
            rows={Math.min(12, text.split('\n').length + 1)}
            spellCheck={false}
            className="font-mono !text-xs"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
      <div>
        <Button type="submit" look="primary" disabled={!parsed.ok}>
          {label}
        </Button>
      </div>
    </form>
  )
}

function Recorded({ id, call, answer }: Ask) {
  const query = useQuery(reads.recorded(id, call.step, call.action))
  const items = query.data?.items ?? []
  if (query.error) return <Note tone="bad">{problemText(query.error)}</Note>
  if (items.length === 0) return <p className="text-sm text-faint">{query.isLoading ? '…' : s.noRecorded}</p>
  return (
    <ul className="flex flex-col gap-1.5">
      {items.map((item, index) => (
        <li key={index} className="flex items-center gap-2 rounded-md border border-line px-2 py-1.5">
          <span className="min-w-0 flex-1 text-xs">
            <span className="text-faint">
              {s.recordedAt} <At at={item.at} />
            </span>
            <code className="block truncate font-mono">
              {item.answer.kind === 'output'
                ? brief(item.answer.output, 90)
                : item.answer.kind === 'error'
                  ? item.answer.code
                  : ''}
            </code>
          </span>
          <Button small onClick={() => answer(item.answer)}>
            {s.answer}
          </Button>
        </li>
      ))}
    </ul>
  )
}

function Real({ id, document, play, call, answer }: Ask) {
  const may = useMay('builder')
  const [sure, setSure] = useState(false)
  const [write, setWrite] = useState(false)
  const real = useMutation({
    mutationFn: () =>
      writes.callForReal(id, {
        document,
        script: play.script ?? {},
        step: call.step,
        confirm: sure,
        confirm_write: write,
      }),
    onSuccess: (response) => answer(response.answer),
  })
  if (call.risk === 'high') return <Note tone="warn">{s.realHigh}</Note>
  if (!may) return <Note tone="muted">{s.realMay}</Note>
  return (
    <div className="flex flex-col gap-2">
      <p className="text-sm text-muted">{s.realText}</p>
      <Checkbox label={s.confirm} checked={sure} onChange={(event) => setSure(event.target.checked)} />
      {call.risk === 'write' && (
        <Checkbox label={s.confirmWrite} checked={write} onChange={(event) => setWrite(event.target.checked)} />
      )}
      {real.error && <Note tone="bad">{problemText(real.error)}</Note>}
      <div>
        <Button
          look="danger"
          busy={real.isPending}
          disabled={!sure || (call.risk === 'write' && !write)}
          onClick={() => real.mutate()}
        >
          {s.callNow}
        </Button>
      </div>
    </div>
  )
}

function Failing({ answer }: { answer: Ask['answer'] }) {
  const [code, setCode] = useState('http_404')
  const [message, setMessage] = useState('')
  const [kind, setKind] = useState<'fatal' | 'retryable' | 'unknown'>('fatal')
  return (
    <form
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        answer({ kind: 'error', class: kind, code: code.trim(), message: message.trim() || undefined })
      }}
    >
      <Field label={s.class}>
        {(props) => (
          <Select {...props} value={kind} onChange={(event) => setKind(event.target.value as typeof kind)}>
            {(['fatal', 'retryable', 'unknown'] as const).map((one) => (
              <option key={one} value={one}>
                {s.classes[one]}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={s.code}>
        {(props) => <Input {...props} required value={code} onChange={(event) => setCode(event.target.value)} />}
      </Field>
      <Field label={s.message}>
        {(props) => <Input {...props} value={message} onChange={(event) => setMessage(event.target.value)} />}
      </Field>
      <div>
        <Button type="submit" look="danger">
          {s.fail}
        </Button>
      </div>
    </form>
  )
}

/** A call under way: what it would send, and how it is answered. */
export function CallCard(props: Omit<Ask, 'answer'>) {
  const { call, play } = props
  const [way, setWay] = useState<Way>('sample')
  const answer = (given: Answer) => play.act({ act: 'answers', step: call.step, answer: given })
  const ask = { ...props, answer }
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <h3 className="min-w-0 flex-1 text-sm font-semibold break-words">{s.title(call.action)}</h3>
        {call.attempt > 1 && <span className="text-xs text-warn">{s.attempt(call.attempt)}</span>}
        <Risk risk={call.risk} />
      </div>
      <Rendered request={call.request} input={call.input} error={call.error} />
      <Tabs
        label={s.how}
        value={way}
        onChange={setWay}
        className="flex-wrap"
        tabs={(Object.keys(s.ways) as Way[]).map((id) => ({ id, label: s.ways[id] }))}
      />
      {way === 'sample' && <JsonAnswer first={call.sample} label={s.answer} given="sample" answer={answer} />}
      {way === 'recorded' && <Recorded {...ask} />}
      {way === 'real' && <Real {...ask} />}
      {way === 'error' && <Failing answer={answer} />}
      {way === 'timeout' && (
        <div className="flex flex-col gap-2">
          <p className="text-sm text-muted">{s.timeoutText}</p>
          <div>
            <Button look="danger" onClick={() => answer({ kind: 'timeout' })}>
              {s.timeout}
            </Button>
          </div>
        </div>
      )}
    </div>
  )
}

/** The look-up of a call in doubt. */
export function LookUpCard({ call, play }: { call: WaitingCall; play: Play }) {
  const answer = (given: Answer) => play.act({ act: 'answers', step: call.step, answer: given })
  return (
    <div className="flex flex-col gap-3">
      <h3 className="text-sm font-semibold">{s.lookUp(call.action)}</h3>
      <Rendered request={call.request} input={call.input} error={call.error} />
      <div className="flex flex-wrap gap-2">
        <Button look="primary" onClick={() => answer({ kind: 'happened', output: call.sample })}>
          {s.happened}
        </Button>
        <Button onClick={() => answer({ kind: 'did_not_happen' })}>{s.didNot}</Button>
        <Button onClick={() => answer({ kind: 'unclear' })}>{s.unclear}</Button>
      </div>
    </div>
  )
}
