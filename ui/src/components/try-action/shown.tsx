import { useState } from 'react'
import { problemText } from '@/api/client'
import type { TriedAction } from '@/api/types'
import { Button } from '@/ui/button'
import { Checkbox, Field, Input } from '@/ui/field'
import { JsonView } from '@/ui/json-view'
import { Note } from '@/ui/states'
import { strings as s } from './strings'

function Sent({ shown }: { shown: TriedAction }) {
  const { method, url, headers, body } = shown.request
  return (
    <section aria-label={s.request} className="flex min-w-0 flex-col gap-1.5">
      <h3 className="text-sm font-medium">{s.request}</h3>
      <p className="font-mono text-xs break-all">
        {method} {url}
      </p>
      <p className="text-xs text-muted">{shown.connection ? s.through(shown.connection) : s.noConnection}</p>
      <JsonView value={body == null ? { headers } : { headers, body }} label={s.request} />
    </section>
  )
}

type Ask = {
  shown: TriedAction
  busy: boolean
  error: Error | null
  onSend: (reason: string | undefined) => void
  onBack: () => void
}

/** The request as it would leave, and the question whether it should. */
export function Shown({ shown, busy, error, onSend, onBack }: Ask) {
  const [sure, setSure] = useState(false)
  const [reason, setReason] = useState('')
  const changes = shown.risk !== 'read'
  const ready = !changes || (sure && (shown.risk !== 'high' || reason.trim() !== ''))
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (ready) onSend(reason.trim() || undefined)
      }}
    >
      <Sent shown={shown} />
      {!shown.may_send && <Note tone="muted">{s.notYours}</Note>}
      {shown.may_send && changes && (
        <>
          <Note tone="warn">{shown.risk === 'high' ? s.high : s.write}</Note>
          {shown.risk === 'high' && (
            <Field label={s.reason}>
              {(props) => (
                <Input
                  {...props}
                  required
                  maxLength={1000}
                  value={reason}
                  onChange={(event) => setReason(event.target.value)}
                />
              )}
            </Field>
          )}
          <Checkbox label={s.sure} checked={sure} onChange={(event) => setSure(event.target.checked)} />
        </>
      )}
      {error && <Note tone="bad">{problemText(error)}</Note>}
      <div className="flex flex-wrap gap-2">
        <Button type="button" onClick={onBack}>
          {s.again}
        </Button>
        {shown.may_send && (
          <Button type="submit" look={changes ? 'danger' : 'primary'} busy={busy} disabled={!ready}>
            {s.send}
          </Button>
        )}
      </div>
    </form>
  )
}

/** What came of it. */
export function Answered({
  tried,
  onBack,
  onKeep,
}: {
  tried: TriedAction
  onBack: () => void
  onKeep?: (output: unknown) => void
}) {
  const { result } = tried
  if (!result) return null
  const failed = result.error ?? null
  return (
    <section aria-label={s.answer} className="flex min-w-0 flex-col gap-3">
      <p role="status" className="text-sm text-muted">
        {s.status(result.status, result.duration_ms)}
      </p>
      {failed ? (
        <>
          <Note tone="bad">
            <strong className="block font-medium">{s.failed(failed.code)}</strong>
            <span className="break-words">{failed.message}</span>
          </Note>
          <p className="text-sm text-muted">{failed.help}</p>
        </>
      ) : (
        <JsonView value={result.output} label={s.output} />
      )}
      {result.response_body !== '' && (
        <details className="text-sm">
          <summary className="cursor-pointer text-xs text-muted">{s.body}</summary>
          {result.response_truncated && <p className="text-xs text-faint">{s.truncated}</p>}
          <pre className="mt-1 max-h-60 overflow-auto rounded-md bg-sunken p-2 text-xs break-all whitespace-pre-wrap">
            {result.response_body}
          </pre>
        </details>
      )}
      <Sent shown={tried} />
      <div className="flex flex-wrap gap-2">
        <Button onClick={onBack}>{s.again}</Button>
        {onKeep && !failed && (
          <Button look="primary" onClick={() => onKeep(result.output)}>
            {s.keep}
          </Button>
        )}
      </div>
    </section>
  )
}
