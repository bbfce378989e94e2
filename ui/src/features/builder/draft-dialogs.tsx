import { useEffect, useMemo } from 'react'
import { TextDiff } from '@/components/difference/difference'
import type { DiffLine } from '@/model/diff'
import { diffLines, inOrderOf } from '@/model/line-diff'
import { toYaml } from '@/model/yaml'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { useStore } from '@/ui/store'
import { useBuilder, useDocument } from './context'
import { strings as shell } from './shell-strings'
import { strings } from './strings'

/** Two people edited the same draft: what differs, line by line, and one choice. */
export function ConflictDialog() {
  const s = strings.conflict
  const builder = useBuilder()
  const saving = useStore(builder.saving)
  const mine = useDocument()
  const theirs = saving.kind === 'conflict' ? saving.theirs.document : null
  const lines = useMemo(
    () => (theirs ? diffLines(toYaml(theirs), toYaml(inOrderOf(mine, theirs))) : []),
    [theirs, mine],
  )
  if (!theirs) return null
  const count = (kind: DiffLine['kind']) => lines.filter((line) => line.kind === kind).length
  return (
    <Dialog open onClose={() => undefined} closable={false} title={s.title} description={s.text} wide>
      {lines.length === 0 ? (
        <p className="text-sm text-muted">{shell.conflict.same}</p>
      ) : (
        <>
          <p className="mb-2 flex flex-wrap gap-2 text-xs">
            <span className="rounded bg-bad-soft px-2 py-0.5 text-bad">{shell.conflict.theirs(count('removed'))}</span>
            <span className="rounded bg-ok-soft px-2 py-0.5 text-ok">{shell.conflict.mine(count('added'))}</span>
          </p>
          <TextDiff lines={lines} className="max-h-[44vh] overflow-y-auto" />
        </>
      )}
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={() => void builder.settle('theirs')}>{s.theirs}</Button>
        <Button look="primary" onClick={() => void builder.settle('mine')}>
          {s.mine}
        </Button>
      </div>
    </Dialog>
  )
}

/** Somebody goes elsewhere while the draft is not saved and could not be. */
export function LeaveDialog({ onStay, onLeave }: { onStay: () => void; onLeave: () => void }) {
  const s = strings.leave
  const builder = useBuilder()
  const saving = useStore(builder.saving)
  const mine = useDocument()
  const kept = builder.kept()
  const lines = useMemo(() => diffLines(toYaml(kept), toYaml(inOrderOf(mine, kept))), [kept, mine])
  // Another try worked meanwhile: nothing is in the way any more.
  useEffect(() => {
    if (saving.kind === 'saved') onLeave()
  }, [saving.kind, onLeave])
  return (
    <Dialog
      open
      onClose={onStay}
      title={s.title}
      description={saving.kind === 'failed' ? s.because(saving.message) : s.text}
      wide
    >
      <p className="mb-2 text-sm text-muted">{s.lost}</p>
      <TextDiff lines={lines} className="max-h-[44vh] overflow-y-auto" />
      <div className="mt-4 flex justify-end gap-2">
        <Button look="danger" onClick={onLeave}>
          {s.leave}
        </Button>
        <Button look="primary" autoFocus onClick={onStay}>
          {s.stay}
        </Button>
      </div>
    </Dialog>
  )
}
