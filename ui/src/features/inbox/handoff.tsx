import { Hand, Undo2 } from 'lucide-react'
import type { Checkpoint } from '@/api/types'
import { useActions } from '@/app/actions'
import { Composer } from '@/components/reply/composer'
import { Transcript } from '@/components/transcript'
import { Button } from '@/ui/button'
import { Note } from '@/ui/states'
import { useKeyOf } from './by-key'
import { HandBack } from './hand-back'
import { strings } from './strings'
import { useClaim } from './use-claim'
import { alreadyText, useDecision } from './use-decision'

const s = strings.handoff

/** A conversation a workflow gave to a person: talk, then hand it back with a result. */
export function HandoffDecision({ checkpoint }: { checkpoint: Checkpoint }) {
  const keyOf = useKeyOf()
  const decision = useDecision(checkpoint)
  const claim = useClaim(checkpoint.id)
  useActions([
    {
      id: 'handoff.take',
      label: s.take,
      group: strings.group,
      shortcut: keyOf('t'),
      enabled: !checkpoint.assigned_to,
      run: () => claim.mutate('take'),
    },
  ])
  const lost = alreadyText(decision.error)
  return (
    <div className="flex flex-col rounded-lg border border-line-strong bg-raised shadow-sm">
      <div className="flex flex-wrap items-center gap-2 border-b border-line p-3">
        {checkpoint.assigned_to ? (
          <span className="text-sm text-muted">{s.takenBy(checkpoint.assigned_to.name)}</span>
        ) : null}
        <Button
          small
          icon={checkpoint.assigned_to ? <Undo2 size={14} /> : <Hand size={14} />}
          shortcut={checkpoint.assigned_to ? undefined : keyOf('t')}
          busy={claim.isPending}
          onClick={() => claim.mutate(checkpoint.assigned_to ? 'release' : 'take')}
        >
          {checkpoint.assigned_to ? s.release : s.take}
        </Button>
        <span className="ml-auto text-xs text-faint">{s.hint}</span>
      </div>
      {lost && <Note tone="warn">{lost}</Note>}
      {checkpoint.note && (
        <p className="border-b border-line bg-warn-soft px-4 py-2 text-sm whitespace-pre-wrap">
          <span className="sr-only">{strings.note}: </span>
          {checkpoint.note}
        </p>
      )}
      {checkpoint.conversation && (
        <>
          <div
            className="max-h-[45vh] overflow-y-auto p-4"
            tabIndex={0}
            role="region"
            aria-label={strings.conversation}
          >
            <Transcript messages={checkpoint.conversation.messages} />
          </div>
          <Composer key={checkpoint.conversation.id} conversation={checkpoint.conversation.id} />
        </>
      )}
      <HandBack checkpoint={checkpoint} decision={decision} />
    </div>
  )
}
