import { useEffect, useRef, useState } from 'react'
import { ApiProblem } from '@/api/client'
import { useMay } from '@/app/session'
import { Button } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { Refusal } from './refusal'
import { isNothing, SourceFields, type Source } from './source-fields'
import { strings } from './strings'

const s = strings.add

/** What is given: the document, and a name for the connector. */
export type Given = { source: Source; name: string }

/** What is being done with the document just now. */
export type Stage = { at: 'reading' } | { at: 'sent'; bytes: number }

/** What happens meanwhile, and for how long: a document of megabytes takes seconds. */
function Progress({ stage }: { stage: Stage }) {
  const [seconds, setSeconds] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setSeconds((old) => old + 1), 1_000)
    return () => clearInterval(timer)
  }, [])
  const text = stage.at === 'reading' ? s.reading : s.sent(stage.bytes)
  return (
    <div className="flex flex-wrap items-center gap-3 rounded-md bg-sunken px-3 py-2 text-sm text-muted">
      <progress aria-label={s.progress} className="h-2 w-40 accent-accent" />
      <span role="status">{text}</span>
      <span aria-hidden className="tabular-nums">
        {s.seconds(seconds)}
      </span>
    </div>
  )
}

type Props = {
  label: string
  given: Given
  /** Whether somebody came back to it: then the focus does too. */
  returned: boolean
  /** What is done while it is looked at; null when it is not. */
  stage: Stage | null
  error: Error | null
  onChange: (given: Given) => void
  onSubmit: () => void
}

/** Where the connector comes from and what it is called. */
export function AddForm({ label, given, returned, stage, error, onChange, onSubmit }: Props) {
  const may = useMay('admin')
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (returned || error) form.current?.focus()
  }, [returned, error])
  const taken = error instanceof ApiProblem && error.problem.pointer === '/name' ? error.message : undefined
  return (
    <form
      ref={form}
      tabIndex={-1}
      aria-label={label}
      className="flex flex-col gap-4 outline-none"
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      <p className="text-sm text-muted">{s.text}</p>
      {!may && <Note tone="warn">{s.admins}</Note>}
      <fieldset disabled={!may || stage !== null} className="flex min-w-0 flex-col gap-4">
        <SourceFields source={given.source} onChange={(source) => onChange({ ...given, source })} />
        <Field label={s.name} hint={s.nameHint} error={taken} className="max-w-sm">
          {(props) => (
            <Input
              {...props}
              value={given.name}
              pattern="[a-z][a-z0-9_]*"
              className="font-mono"
              autoComplete="off"
              onChange={(event) => onChange({ ...given, name: event.target.value })}
            />
          )}
        </Field>
      </fieldset>
      {stage && <Progress stage={stage} />}
      {error && !taken && <Refusal error={error} />}
      <div>
        <Button type="submit" look="primary" busy={stage !== null} disabled={!may || isNothing(given.source)}>
          {s.submit}
        </Button>
      </div>
    </form>
  )
}
