import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Conversation } from '@/api/types'
import { FormDialog } from '@/components/form-dialog'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { At } from '@/ui/time'
import { reads, writes } from './api'
import { ReasonField } from './reason-field'
import { strings } from './strings'

const s = strings.consents

type Consent = Conversation['consents'][number]

/** Writes down what the customer said about messages on a channel. */
function WriteDown({ id, consent, onClose }: { id: string; consent: Consent; onClose: () => void }) {
  const [reason, setReason] = useState('')
  const client = useQueryClient()
  const name = s.channel(consent.channel)
  const set = useMutation({
    mutationFn: () =>
      writes.consent(id, { channel: consent.channel, opted_out: !consent.opted_out, reason: reason.trim() }),
    onSuccess: () => {
      onClose()
      return client.invalidateQueries({ queryKey: reads.conversation(id).queryKey })
    },
  })
  return (
    <FormDialog
      title={consent.opted_out ? s.again(name) : s.stop(name)}
      text={consent.opted_out ? s.againText(consent.address) : s.stopText(consent.address)}
      submit={s.save}
      sending={set}
      onSubmit={() => set.mutate()}
      onClose={onClose}
    >
      <ReasonField label={s.reason} hint={s.reasonHint} reason={reason} onChange={setReason} />
    </FormDialog>
  )
}

/** What the customer wants to get, channel by channel. */
export function Consents({ conversation, may }: { conversation: Conversation; may: boolean }) {
  const [asked, setAsked] = useState<Consent>()
  if (conversation.consents.length === 0) return null
  return (
    <ul className="mt-3 flex flex-col gap-1.5 text-sm" aria-label={s.title}>
      {conversation.consents.map((consent) => {
        const name = s.channel(consent.channel)
        return (
          <li key={consent.channel} className="flex items-start justify-between gap-2">
            <span className={cx('min-w-0 break-words', consent.opted_out ? 'text-bad' : 'text-muted')}>
              {consent.opted_out ? s.none(name) : s.some(name)}
              {consent.opted_out && consent.at != null && (
                <>
                  {' '}
                  {s.since} <At at={consent.at} />
                </>
              )}
              {consent.opted_out && consent.how && (
                <span className="block text-xs break-words text-faint">
                  {s.how(consent.how, consent.told_to?.name)}
                  {consent.reason && `: ${consent.reason}`}
                </span>
              )}
            </span>
            {may && (
              <Button
                small
                aria-label={consent.opted_out ? s.again(name) : s.stop(name)}
                onClick={() => setAsked(consent)}
              >
                {consent.opted_out ? s.allow : s.end}
              </Button>
            )}
          </li>
        )
      })}
      {asked && <WriteDown id={conversation.id} consent={asked} onClose={() => setAsked(undefined)} />}
    </ul>
  )
}
