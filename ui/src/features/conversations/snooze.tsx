import { useMutation, useQueryClient } from '@tanstack/react-query'
import { AlarmClock } from 'lucide-react'
import { useState } from 'react'
import { ApiProblem, problemText } from '@/api/client'
import type { Conversation } from '@/api/types'
import { useActions } from '@/app/actions'
import { FormDialog } from '@/components/form-dialog'
import { Button } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { At, localInput } from '@/ui/time'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { strings } from './strings'

const s = strings.snooze
const HOUR = 3_600_000
/** When a day of work begins. */
const MORNING = 9

/** The morning so many days from now. */
function morning(now: number, days: number): number {
  const day = new Date(now)
  day.setDate(day.getDate() + days)
  return day.setHours(MORNING, 0, 0, 0)
}

/** Days until the next Monday, which is never today. */
function untilMonday(now: number): number {
  return (8 - new Date(now).getDay()) % 7 || 7
}

/** What is offered: words, and when it comes back; null when the customer writes. */
function choices(now: number): { label: string; until: number | null }[] {
  return [
    { label: s.hour, until: now + HOUR },
    { label: s.hours, until: now + 4 * HOUR },
    { label: s.tomorrow, until: morning(now, 1) },
    { label: s.monday, until: morning(now, untilMonday(now)) },
    { label: s.untilTheyWrite, until: null },
  ]
}

function SnoozeDialog({ conversation, onClose }: { conversation: Conversation; onClose: () => void }) {
  // What was seen before the dialog lay over it.
  const [seen] = useState(() => conversation.messages.at(-1)?.position ?? 0)
  const [now] = useState(() => Date.now())
  const [time, setTime] = useState(() => localInput(morning(now, 1)))
  const client = useQueryClient()
  const snooze = useMutation({
    mutationFn: (until: number | null) => writes.snooze(conversation.id, { until, seen }),
    onSuccess: () => {
      onClose()
      toast.ok(s.done)
      return client.invalidateQueries({ queryKey: ['conversations'] })
    },
    onError: (error) => {
      if (!(error instanceof ApiProblem && error.code === 'messages_since')) return
      // It is to be read first.
      onClose()
      toast.bad(problemText(error))
      return client.invalidateQueries({ queryKey: ['conversations'] })
    },
  })
  const at = new Date(time).getTime()
  return (
    <FormDialog
      title={s.title}
      text={s.text}
      submit={s.until}
      disabled={Number.isNaN(at)}
      sending={snooze}
      onSubmit={() => snooze.mutate(at)}
      onClose={onClose}
    >
      <div className="flex flex-wrap gap-2">
        {choices(now).map((choice) => (
          <Button key={choice.label} disabled={snooze.isPending} onClick={() => snooze.mutate(choice.until)}>
            {choice.label}
          </Button>
        ))}
      </div>
      <Field label={s.time}>
        {(props) => (
          <Input
            {...props}
            type="datetime-local"
            required
            min={localInput(now)}
            value={time}
            onChange={(event) => setTime(event.target.value)}
          />
        )}
      </Field>
    </FormDialog>
  )
}

/** Puts a conversation aside, or brings it back. */
export function SnoozeButton({ conversation }: { conversation: Conversation }) {
  const [asking, setAsking] = useState(false)
  const client = useQueryClient()
  const wake = useMutation({
    mutationFn: () => writes.wake(conversation.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['conversations'] }),
    onError: (error) => toast.bad(problemText(error)),
  })
  const aside = conversation.snoozed != null
  const open = conversation.status !== 'closed'
  const run = () => (aside ? wake.mutate() : setAsking(true))
  const label = aside ? s.wake : s.button
  useActions([{ id: 'conversation.snooze', label, group: strings.title, shortcut: 's', enabled: open, run }])
  if (!open) return null
  return (
    <>
      <Button icon={<AlarmClock size={15} />} busy={wake.isPending} onClick={run}>
        {label}
      </Button>
      {asking && <SnoozeDialog conversation={conversation} onClose={() => setAsking(false)} />}
    </>
  )
}

/** Until when it is put aside, in words. */
export function Aside({ snoozed }: { snoozed: Conversation['snoozed'] }) {
  if (!snoozed) return null
  return (
    <span className="text-sm text-muted">
      {snoozed.until == null ? (
        s.asideUntilTheyWrite
      ) : (
        <>
          {s.asideUntil} <At at={snoozed.until} />
        </>
      )}
    </span>
  )
}
