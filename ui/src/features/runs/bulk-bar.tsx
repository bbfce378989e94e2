import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Ban, RotateCcw, X } from 'lucide-react'
import { useState } from 'react'
import { problemText } from '@/api/client'
import type { BulkAction, BulkResult } from '@/api/types'
import { useActions } from '@/app/actions'
import { Status } from '@/components/status'
import { Button, IconButton } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { writes } from './api'
import { strings } from './strings'

const s = strings.bulk

function Results({ results }: { results: readonly BulkResult[] }) {
  return (
    <ul tabIndex={0} aria-label={s.results} className="flex max-h-80 flex-col gap-1 overflow-y-auto text-sm">
      {results.map((result) => (
        <li key={result.run} className="flex flex-wrap items-center gap-x-3 rounded border border-line px-2 py-1">
          <span className="font-mono text-xs">{result.run}</span>
          {result.ok ? (
            <Status status={result.status ?? 'completed'} />
          ) : (
            <span className="text-bad">
              {result.detail} <span className="font-mono text-xs">{result.code}</span>
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}

/** Asks before many runs are changed, then tells what became of each. */
export function BulkDialog({
  action,
  runs,
  onClose,
  onDone,
}: {
  action: BulkAction
  runs: string[]
  onClose: () => void
  onDone: () => void
}) {
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const [key] = useState(() => `bulk-${Date.now()}-${Math.random().toString(36).slice(2)}`)
  const bulk = useMutation({
    mutationFn: () => writes.changeRuns({ action, runs, reason }, key),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['runs'] }),
  })
  const close = () => (bulk.data ? onDone() : onClose())
  return (
    <Dialog
      open
      onClose={close}
      title={s.title(action, runs.length)}
      description={bulk.data ? s.done(bulk.data.done, runs.length) : s.text[action]}
    >
      {bulk.data ? (
        <div className="flex flex-col gap-3">
          <Results results={bulk.data.results} />
          <div className="flex justify-end">
            <Button look="primary" onClick={close}>
              {s.close}
            </Button>
          </div>
        </div>
      ) : (
        <form
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault()
            bulk.mutate()
          }}
        >
          {action === 'cancel' && (
            <Field label={strings.detail.reason} hint={strings.detail.reasonHint}>
              {(props) => <Input {...props} value={reason} onChange={(event) => setReason(event.target.value)} />}
            </Field>
          )}
          {bulk.error && <Note tone="bad">{problemText(bulk.error)}</Note>}
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>{s.keep}</Button>
            <Button type="submit" look={action === 'cancel' ? 'danger' : 'primary'} busy={bulk.isPending}>
              {s.go(action, runs.length)}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

/** What can be done with the runs that are ticked. */
export function BulkBar({
  count,
  onAsk,
  onClear,
}: {
  count: number
  onAsk: (action: BulkAction) => void
  onClear: () => void
}) {
  useActions([
    { id: 'bulk.cancel', label: s.cancel, group: strings.group, shortcut: 'shift+delete', run: () => onAsk('cancel') },
    { id: 'bulk.clear', label: s.clear, group: strings.group, shortcut: 'escape', run: onClear },
  ])
  return (
    <div
      role="toolbar"
      aria-label={s.label}
      className={cx(
        'sticky bottom-3 z-20 mx-auto my-3 flex w-fit items-center gap-2 rounded-xl border border-line bg-raised',
        'px-3 py-2 shadow-[var(--shadow)]',
      )}
    >
      <span aria-live="polite" className="px-1 text-sm font-medium tabular-nums">
        {s.chosen(count)}
      </span>
      <Button small look="danger" icon={<Ban size={14} />} onClick={() => onAsk('cancel')}>
        {s.cancel}
      </Button>
      <Button small icon={<RotateCcw size={14} />} onClick={() => onAsk('retry')}>
        {s.retry}
      </Button>
      <IconButton label={s.clear} aria-keyshortcuts="Escape" onClick={onClear}>
        <X size={16} />
      </IconButton>
    </div>
  )
}
