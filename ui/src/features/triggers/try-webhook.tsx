import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { problemText } from '@/api/client'
import type { TriedTrigger } from '@/api/types'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input, Select, Textarea } from '@/ui/field'
import { JsonView } from '@/ui/json-view'
import { Note } from '@/ui/states'
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

/** Headers of lines such as `x-id: 7`; null when a line is none. */
function headersOf(text: string): Record<string, string> | null {
  const headers: Record<string, string> = {}
  for (const line of text.split('\n').filter((line) => line.trim() !== '')) {
    const found = /^\s*([^\s:]+)\s*:(.*)$/.exec(line)
    if (!found?.[1]) return null
    headers[found[1]] = (found[2] ?? '').trim()
  }
  return headers
}

/** What would happen, what expressions read and give, and what is wrong where. */
function Outcome({ tried }: { tried: TriedTrigger }) {
  return (
    <section aria-label={s.outcome} className="flex min-w-0 flex-col gap-3">
      <Note tone={TONES[tried.outcome] ?? 'muted'}>{s.outcomes[tried.outcome] ?? tried.outcome}</Note>
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

type Props = { workflow: string; trigger: string; onClose: () => void }

/** A call that nobody makes: what it would come to, by the filter, the input and the key of the active version. */
export function TryWebhook({ workflow, trigger, onClose }: Props) {
  const [type, setType] = useState('application/json')
  const [body, setBody] = useState('{"order": "1001"}')
  const [lines, setLines] = useState('')
  const [query, setQuery] = useState('')
  const headers = headersOf(lines)
  const trying = useMutation({
    mutationFn: () =>
      writes.tryTrigger(workflow, trigger, {
        body,
        headers: { 'content-type': type, ...headers },
        query: Object.fromEntries(new URLSearchParams(query)),
      }),
  })
  return (
    <Dialog open onClose={onClose} title={s.title(trigger)} description={s.text} wide>
      <div className="flex min-w-0 flex-col gap-4">
        <form
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault()
            if (headers) trying.mutate()
          }}
        >
          <Field label={s.type}>
            {(props) => (
              <Select {...props} value={type} onChange={(event) => setType(event.target.value)}>
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
                value={body}
                onChange={(event) => setBody(event.target.value)}
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
                value={lines}
                onChange={(event) => setLines(event.target.value)}
              />
            )}
          </Field>
          <Field label={s.query} hint={s.queryHint}>
            {(props) => (
              <Input
                {...props}
                spellCheck={false}
                className="font-mono !text-xs"
                value={query}
                onChange={(event) => setQuery(event.target.value)}
              />
            )}
          </Field>
          <div>
            <Button type="submit" look="primary" busy={trying.isPending} disabled={!headers}>
              {s.submit}
            </Button>
          </div>
        </form>
        {trying.error && <Note tone="bad">{problemText(trying.error)}</Note>}
        {trying.data && <Outcome tried={trying.data} />}
      </div>
    </Dialog>
  )
}
