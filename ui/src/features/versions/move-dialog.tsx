import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck, CircleHelp, OctagonX } from 'lucide-react'
import { useState } from 'react'
import { problemText } from '@/api/client'
import type { MovedRun } from '@/api/types'
import { QueryState } from '@/app/query-state'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Dialog } from '@/ui/dialog'
import { Select } from '@/ui/field'
import { Note } from '@/ui/states'
import { writes } from './api'
import { strings } from './strings'

const s = strings.move
const LOOK = {
  safe: { icon: CircleCheck, text: 'text-ok' },
  needs_mapping: { icon: CircleHelp, text: 'text-warn' },
  unsafe: { icon: OctagonX, text: 'text-bad' },
}

type Mapping = Record<string, string>

function RunItem({
  item,
  mapping,
  onMap,
}: {
  item: MovedRun
  mapping: Mapping
  onMap: (step: string, to: string) => void
}) {
  const { icon: Icon, text } = LOOK[item.verdict]
  const step = item.step ?? ''
  const choices = [...new Set([...item.candidates, ...(mapping[step] ? [mapping[step]] : [])])]
  return (
    <li className="flex flex-wrap items-start gap-x-3 gap-y-1 border-b border-line px-3 py-2 last:border-b-0">
      <span className={cx('inline-flex w-32 shrink-0 items-center gap-1.5 text-sm font-medium', text)}>
        <Icon size={14} /> {s.verdict[item.verdict]}
      </span>
      <div className="min-w-0 flex-1">
        <p className="flex items-center gap-2 text-sm">
          <Link to="/runs/$run" params={{ run: item.run }} className="truncate font-medium hover:underline">
            {item.title}
          </Link>
          <span className="shrink-0 font-mono text-xs text-faint">
            {item.run.slice(-8)} · v{item.from} · {step}
            {item.now_at && item.now_at !== step ? ` → ${item.now_at}` : ''}
          </span>
        </p>
        <ul className="text-xs text-muted">
          {item.reasons.map((reason) => (
            <li key={reason.message}>{reason.message}</li>
          ))}
          {item.notes.map((note) => (
            <li key={note.message} className="text-faint">
              {note.message}
            </li>
          ))}
        </ul>
      </div>
      {choices.length > 0 && (
        <Select
          aria-label={s.mapTo(step)}
          className="!w-44"
          value={mapping[step] ?? ''}
          onChange={(event) => onMap(step, event.target.value)}
        >
          <option value="">{s.choose}</option>
          {choices.map((id) => (
            <option key={id}>{id}</option>
          ))}
        </Select>
      )}
    </li>
  )
}

function Done({ id, moved, onClose }: { id: string; moved: MovedRun[]; onClose: () => void }) {
  const client = useQueryClient()
  const undo = useMutation({
    mutationFn: () => writes.moveBack(id, { runs: moved.map((item) => item.run) }),
    onSettled: () => client.invalidateQueries({ queryKey: ['workflows'] }),
  })
  const back = undo.data?.items.filter((item) => item.version != null).length ?? 0
  const kept = undo.data?.items.filter((item) => item.version == null) ?? []
  return (
    <div className="flex flex-col gap-3">
      {undo.data ? (
        <Note tone={kept.length > 0 ? 'warn' : 'ok'}>
          {s.undone(back)}
          {kept.map((item) => (
            <p key={item.run}>
              <span className="font-mono">{item.run.slice(-8)}</span>: {item.reason}
            </p>
          ))}
        </Note>
      ) : (
        <Note tone="ok">{s.done(moved.length)}</Note>
      )}
      {undo.error && <Note tone="bad">{problemText(undo.error)}</Note>}
      <div className="flex justify-end gap-2">
        {!undo.data && (
          <Button busy={undo.isPending} onClick={() => undo.mutate()}>
            {strings.undo}
          </Button>
        )}
        <Button look="primary" autoFocus onClick={onClose}>
          {s.close}
        </Button>
      </div>
    </div>
  )
}

/** Moves waiting runs to a version: a verdict for each, all safe ones at once, and back. */
export function MoveDialog({ id, to, onClose }: { id: string; to: number; onClose: () => void }) {
  const client = useQueryClient()
  const [mapping, setMapping] = useState<Mapping>({})
  const ask = (dry_run: boolean, runs?: string[]) => writes.moveRuns(id, { to, dry_run, mapping, runs })
  const look = useQuery({
    queryKey: ['moves', id, to, mapping],
    queryFn: () => ask(true),
    placeholderData: (earlier) => earlier,
    staleTime: 0,
    gcTime: 0,
  })
  const apply = useMutation({
    mutationFn: (runs: string[]) => ask(false, runs),
    onSettled: () => client.invalidateQueries({ queryKey: ['workflows'] }),
  })
  const moved = apply.data?.items.filter((item) => item.moved)
  return (
    <Dialog open onClose={onClose} title={s.title(to)} description={s.text} wide>
      {moved ? (
        <Done id={id} moved={moved} onClose={onClose} />
      ) : (
        <QueryState query={look}>
          {({ items, more }) => {
            const safe = items.filter((item) => item.verdict === 'safe').map((item) => item.run)
            return (
              <div className="flex flex-col gap-3">
                {items.length === 0 ? (
                  <p className="text-sm text-muted">{s.none}</p>
                ) : (
                  <ul
                    aria-label={s.list}
                    className="max-h-96 overflow-y-auto rounded-lg border border-line"
                    tabIndex={0}
                  >
                    {items.map((item) => (
                      <RunItem
                        key={item.run}
                        item={item}
                        mapping={mapping}
                        onMap={(step, choice) =>
                          setMapping((known) =>
                            Object.fromEntries(
                              Object.entries({ ...known, [step]: choice }).filter(([, target]) => target !== ''),
                            ),
                          )
                        }
                      />
                    ))}
                  </ul>
                )}
                {more && <Note tone="muted">{s.more}</Note>}
                {apply.error && <Note tone="bad">{problemText(apply.error)}</Note>}
                <div className="flex justify-end gap-2">
                  <Button onClick={onClose}>{strings.keep}</Button>
                  <Button
                    look="primary"
                    busy={apply.isPending}
                    disabled={safe.length === 0}
                    onClick={() => apply.mutate(safe)}
                  >
                    {s.submit(safe.length)}
                  </Button>
                </div>
              </div>
            )
          }}
        </QueryState>
      )}
    </Dialog>
  )
}
