import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ArrowRightLeft, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { problemText } from '@/api/client'
import type { RunDetail } from '@/api/types'
import { useActions } from '@/app/actions'
import { useMay } from '@/app/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Note } from '@/ui/states'
import { At } from '@/ui/time'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { strings } from './strings'

const s = strings.moveBack

/**
 * The move that may be taken back: the run still is at the step it was moved at. What happened there since, only the
 * server knows.
 */
function lastMove(run: RunDetail) {
  const move = run.ended_at == null ? run.steps.at(-1)?.moves?.at(-1) : undefined
  return move && !move.undo ? move : undefined
}

function MoveBackDialog({ run, to, onClose }: { run: RunDetail; to: number; onClose: () => void }) {
  const client = useQueryClient()
  const back = useMutation({
    mutationFn: async () => {
      const { items } = await writes.moveBack(run.workflow.id, { runs: [run.id] })
      const [item] = items
      if (item?.version == null) throw new Error(item?.reason ?? s.stays)
      return item.version
    },
    onSuccess: (version) => {
      toast.ok(s.done(version))
      onClose()
    },
    // The graph is that of the version; a refusal means that something happened which is not shown yet.
    onSettled: () =>
      Promise.all(
        [['runs'], ['run-graph', run.id], ['workflows']].map((queryKey) => client.invalidateQueries({ queryKey })),
      ),
  })
  return (
    <Dialog open onClose={onClose} title={s.title(to)} description={s.text}>
      <div className="flex flex-col gap-3">
        {back.error && <Note tone="bad">{problemText(back.error)}</Note>}
        <div className="flex justify-end gap-2">
          <Button autoFocus onClick={onClose}>
            {s.keep}
          </Button>
          <Button look="primary" busy={back.isPending} disabled={back.isError} onClick={() => back.mutate()}>
            {s.submit}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}

/** Tells that the run was moved to another version, and takes it back. */
export function MoveBack({ run }: { run: RunDetail }) {
  const [asked, setAsked] = useState<number | null>(null)
  const may = useMay('builder')
  const move = lastMove(run)
  const ask = () => move && setAsked(move.from)
  useActions([
    { id: 'run.moveBack', label: s.submit, group: strings.group, enabled: may && move !== undefined, run: ask },
  ])
  return (
    <>
      {move && (
        <div
          role="group"
          aria-label={s.label}
          className="mx-4 mb-3 flex flex-wrap items-center gap-x-3 gap-y-1 rounded-lg bg-sunken px-3 py-2 text-sm"
        >
          <ArrowRightLeft size={14} aria-hidden className="text-muted" />
          <span>
            {s.moved(move.from, move.to, move.by)}{' '}
            <span className="text-muted">
              <At at={move.at} />
            </span>
          </span>
          {may && (
            <Button small className="ml-auto" icon={<Undo2 size={14} />} onClick={ask}>
              {s.submit}
            </Button>
          )}
        </div>
      )}
      {asked !== null && <MoveBackDialog run={run} to={asked} onClose={() => setAsked(null)} />}
    </>
  )
}
