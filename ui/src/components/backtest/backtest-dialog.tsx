import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleHelp, FlagTriangleRight, Route, Send } from 'lucide-react'
import { useState } from 'react'
import { problemText } from '@/api/client'
import type { Backtest, BacktestedRun } from '@/api/types'
import { brief } from '@/model/json'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Dialog } from '@/ui/dialog'
import { Field, Select } from '@/ui/field'
import { Note } from '@/ui/states'
import { Ago } from '@/ui/time'
import { writes } from './api'
import { strings as s } from './strings'

const LOOK = {
  path_changed: { icon: Route, text: 'text-bad' },
  request_changed: { icon: Send, text: 'text-warn' },
  end_changed: { icon: FlagTriangleRight, text: 'text-warn' },
  cannot_say: { icon: CircleHelp, text: 'text-muted' },
  same: { icon: CircleHelp, text: 'text-muted' },
}

function Why({ run }: { run: BacktestedRun }) {
  const { path, requests, end, cannot_say } = run
  return (
    <ul className="mt-1 flex flex-col gap-0.5 text-xs text-muted">
      {path && <li>{s.path(path.after ?? s.start_of, path.now ?? s.end_of, path.recorded ?? s.end_of)}</li>}
      {requests.map((request) => (
        <li key={`${request.step}.${request.occurrence}`}>
          {s.request(request.step)}{' '}
          {request.fields.slice(0, 4).map((field) => (
            <span key={field.pointer} className="mr-2 font-mono break-all">
              {field.pointer} <del className="text-bad no-underline">− {brief(field.before, 60)}</del>{' '}
              <ins className="text-ok no-underline">+ {brief(field.after, 60)}</ins>
            </span>
          ))}
        </li>
      ))}
      {end && !path && <li>{s.end(end.now.error ?? end.now.status, end.recorded.error ?? end.recorded.status)}</li>}
      {cannot_say && <li>{cannot_say.message}</li>}
    </ul>
  )
}

function Result({ found }: { found: Backtest }) {
  const affected = found.items.filter((run) => run.verdict !== 'same')
  const passing = found.items.filter((run) => run.verdict === 'same' && run.passing).length
  const renamed = [...new Set(found.items.flatMap((run) => run.renamed.map((step) => `${step.was} → ${step.now}`)))]
  return (
    <div className="flex flex-col gap-2">
      <Note tone={found.changed > 0 ? 'warn' : found.cannot_say > 0 ? 'muted' : 'ok'}>
        {found.runs === 0 ? s.none : s.summary(found.runs, found.changed, found.cannot_say)}
        {found.unreadable > 0 && ` ${s.unreadable(found.unreadable)}`}
      </Note>
      {passing > 0 && <p className="text-xs text-muted">{s.passing(passing)}</p>}
      {renamed.length > 0 && <p className="text-xs break-words text-muted">{s.renamed(renamed.join(', '))}</p>}
      {affected.length > 0 && (
        <ul aria-label={s.affected} className="max-h-80 overflow-y-auto rounded-lg border border-line" tabIndex={0}>
          {affected.map((run) => {
            const { icon: Icon, text } = LOOK[run.verdict]
            return (
              <li key={run.run} className="border-b border-line px-3 py-2 last:border-b-0">
                <p className="flex items-center gap-2 text-sm">
                  <span className={cx('inline-flex shrink-0 items-center gap-1 text-xs font-medium', text)}>
                    <Icon size={14} /> {s.verdict[run.verdict]}
                  </span>
                  <Link to="/runs/$run" params={{ run: run.run }} className="truncate font-medium hover:underline">
                    {run.title}
                  </Link>
                  <span className="font-mono text-xs text-faint">
                    {run.run.slice(-8)} · v{run.version}
                  </span>
                  <span className="ml-auto text-xs text-faint">
                    <Ago at={run.started_at} />
                  </span>
                </p>
                <Why run={run} />
              </li>
            )
          })}
        </ul>
      )}
    </div>
  )
}

/** Plays the last runs to the draft or a version, before it is published. */
export function BacktestDialog({
  id,
  version,
  before,
  onClose,
}: {
  id: string
  version?: number
  before?: () => Promise<unknown>
  onClose: () => void
}) {
  const [last, setLast] = useState(50)
  const play = useMutation({
    mutationFn: async () => {
      await before?.()
      return writes.backtest(id, { last, version })
    },
  })
  return (
    <Dialog open onClose={onClose} title={s.title} description={s.text} wide>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          play.mutate()
        }}
      >
        <div className="flex items-end gap-3">
          <p className="pb-1.5 text-sm text-muted">
            {s.against}{' '}
            <span className="font-medium text-text">{version === undefined ? s.draft : s.version(version)}</span>
          </p>
          <Field label={s.last} className="w-28">
            {(props) => (
              <Select {...props} autoFocus value={last} onChange={(event) => setLast(Number(event.target.value))}>
                {[20, 50, 200, 500].map((count) => (
                  <option key={count}>{count}</option>
                ))}
              </Select>
            )}
          </Field>
          <Button type="submit" look="primary" busy={play.isPending}>
            {play.isPending ? s.playing : s.start}
          </Button>
        </div>
        {play.error && <Note tone="bad">{problemText(play.error)}</Note>}
        {play.data && <Result found={play.data} />}
      </form>
    </Dialog>
  )
}
