import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { problemText } from '@/api/client'
import type { TriedTrigger, Trigger, TriggerFire } from '@/api/types'
import { KeptSample, useKeepSample, useSamples } from '@/components/kept-sample'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input, Select, Textarea } from '@/ui/field'
import { JsonView } from '@/ui/json-view'
import { Note } from '@/ui/states'
import { At } from '@/ui/time'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { strings } from './strings'

const s = strings.sample
const TONES: Record<string, 'ok' | 'warn' | 'bad' | 'muted'> = {
  starts: 'ok',
  ignored: 'muted',
  duplicate: 'muted',
  refused: 'bad',
  fails: 'bad',
}

/** Headers of lines such as `x-id: 7`, by their names in lower case; null when a line is none. */
function headersOf(text: string): Record<string, string> | null {
  const headers: Record<string, string> = {}
  for (const line of text.split('\n').filter((line) => line.trim() !== '')) {
    const found = /^\s*([^\s:]+)\s*:(.*)$/.exec(line)
    if (!found?.[1]) return null
    headers[found[1].toLowerCase()] = (found[2] ?? '').trim()
  }
  return headers
}

/** The call that came before with the same key; when, and with its run, where it is among the last fires. */
function Before({ event, fires }: { event: string; fires: readonly TriggerFire[] }) {
  const fire = fires.find((one) => one.event === event)
  return (
    <p className="flex flex-wrap items-center gap-x-2 text-sm">
      <span className="text-muted">{s.before}</span>
      {fire && <At at={fire.at} />}
      <code className="font-mono text-xs break-all">{event}</code>
      {fire?.run && (
        <Link to="/runs/$run" params={{ run: fire.run }} className="text-accent underline">
          {strings.run}
        </Link>
      )}
    </p>
  )
}

/** What would happen, what expressions read and give, and what is wrong where. */
function Outcome({ tried, fires }: { tried: TriedTrigger; fires: readonly TriggerFire[] }) {
  return (
    <section aria-label={s.outcome} className="flex min-w-0 flex-col gap-3">
      <Note tone={TONES[tried.outcome] ?? 'muted'}>{s.outcomes[tried.outcome] ?? tried.outcome}</Note>
      {tried.before != null && <Before event={tried.before} fires={fires} />}
      {tried.problems.length > 0 && (
        <ul className="flex flex-col gap-1 text-sm">
          {tried.problems.map((problem) => (
            <li key={`${problem.pointer} ${problem.message}`} className="break-words text-bad">
              <span className="font-mono text-xs">{problem.pointer}</span> {problem.message}
            </li>
          ))}
        </ul>
      )}
      {tried.input !== null && tried.input !== undefined && (
        <>
          <h3 className="text-xs font-medium text-muted">{s.input}</h3>
          <JsonView value={tried.input} label={s.input} />
        </>
      )}
      <p className="text-sm break-words">
        <span className="text-muted">{s.dedup}</span>{' '}
        {tried.dedup == null ? s.noDedup : <code className="font-mono text-xs">{JSON.stringify(tried.dedup)}</code>}
      </p>
    </section>
  )
}

type Sample = { type: string; body: string; lines: string; query: string }

const FIRST: Sample = { type: 'application/json', body: '{"order": "1001"}', lines: '', query: '' }

/** A call as it is kept, as the form has it. */
function formOf(kept: unknown): Sample {
  const { body, headers = {}, query = {} } = (kept ?? {}) as Partial<Body>
  const { 'content-type': type = FIRST.type, ...others } = headers
  const listed = Object.hasOwn(s.types, type)
  const lines = Object.entries(listed ? others : headers).map(([name, value]) => `${name}: ${value}`)
  return {
    type: listed ? type : FIRST.type,
    body: body ?? FIRST.body,
    lines: lines.join('\n'),
    query: new URLSearchParams(query).toString(),
  }
}

type Body = { body: string; headers: Record<string, string>; query: Record<string, string> }
type Props = { workflow: string; trigger: Trigger; onClose: () => void }

/** A call that nobody makes: what it would come to, by the filter, the input and the key of the active version. */
export function TryWebhook({ workflow, trigger, onClose }: Props) {
  const kept = useSamples(workflow).find((one) => one.of === 'trigger' && one.id === trigger.id)
  const { keep, remove } = useKeepSample(workflow, 'trigger', trigger.id)
  const [written, setWritten] = useState<Sample | null>(null)
  const sample = written ?? (kept ? formOf(kept.value) : FIRST)
  const headers = headersOf(sample.lines)
  const said = headers?.['content-type']
  const call = (): Body => ({
    body: sample.body,
    headers: { 'content-type': sample.type, ...headers },
    query: Object.fromEntries(new URLSearchParams(sample.query)),
  })
  const trying = useMutation({ mutationFn: () => writes.tryTrigger(workflow, trigger.id, call()) })
  // What was answered was said of another call.
  const change = (changes: Partial<Sample>) => {
    trying.reset()
    setWritten({ ...sample, ...changes })
  }
  return (
    <Dialog open onClose={onClose} title={s.title(trigger.id)} description={s.text} wide>
      <div className="flex min-w-0 flex-col gap-4">
        <form
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault()
            if (headers) trying.mutate()
          }}
        >
          <Field label={s.type} hint={said === undefined ? undefined : s.typeWritten(said)}>
            {(props) => (
              <Select
                {...props}
                value={sample.type}
                disabled={said !== undefined}
                onChange={(event) => change({ type: event.target.value })}
              >
                {Object.entries(s.types).map(([id, label]) => (
                  <option key={id} value={id}>
                    {label}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field label={s.body}>
            {(props) => (
              <Textarea
                {...props}
                rows={6}
                spellCheck={false}
                className="font-mono !text-xs"
                value={sample.body}
                onChange={(event) => change({ body: event.target.value })}
              />
            )}
          </Field>
          <Field label={s.headers} hint={s.headersHint} error={headers ? undefined : s.badHeaders}>
            {(props) => (
              <Textarea
                {...props}
                rows={2}
                spellCheck={false}
                className="font-mono !text-xs"
                value={sample.lines}
                onChange={(event) => change({ lines: event.target.value })}
              />
            )}
          </Field>
          <Field label={s.query} hint={s.queryHint}>
            {(props) => (
              <Input
                {...props}
                spellCheck={false}
                className="font-mono !text-xs"
                value={sample.query}
                onChange={(event) => change({ query: event.target.value })}
              />
            )}
          </Field>
          <div className="flex flex-wrap gap-2">
            <Button type="submit" look="primary" busy={trying.isPending} disabled={!headers}>
              {s.submit}
            </Button>
            <Button
              busy={keep.isPending}
              disabled={!headers}
              onClick={() => keep.mutate(call(), { onSuccess: () => toast.ok(s.kept) })}
            >
              {s.keep}
            </Button>
          </div>
          {kept && <KeptSample sample={kept} removing={remove} />}
        </form>
        {trying.error && <Note tone="bad">{problemText(trying.error)}</Note>}
        {trying.data && <Outcome tried={trying.data} fires={trigger.last_fires} />}
      </div>
    </Dialog>
  )
}
