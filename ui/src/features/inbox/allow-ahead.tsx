import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { Checkpoint } from '@/api/types'
import { FormDialog } from '@/components/form-dialog'
import { getAt, pointerParts } from '@/model/json'
import { Button } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { localInput } from '@/ui/time'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { strings } from './strings'

const s = strings.ahead
const DAY_MS = 86_400_000
/** What is proposed, within what the step lets. */
const DAYS = 7
const PER_DAY = 10
/** The longest the server takes. */
const REASON_MAX = 500

type Offer = NonNullable<NonNullable<Checkpoint['asked']>['standing']>
type Form = { amount: string; perDay: string; until: string; reason: string }

/** The amount of the request that waits, where it is one and within the offer. */
function proposed(checkpoint: Checkpoint, offer: Offer): number {
  const request = checkpoint.requests.find((one) => one.step === offer.step)
  const amount = Number(getAt(request?.input, pointerParts(offer.field)))
  return amount > 0 && amount <= offer.amount_max ? amount : offer.amount_max
}

function Limits({ form, offer, set }: { form: Form; offer: Offer; set: (change: Partial<Form>) => void }) {
  return (
    <>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={s.amount} hint={s.amountHint(String(offer.amount_max))}>
          {(props) => (
            <Input
              {...props}
              type="number"
              required
              min={0}
              max={offer.amount_max}
              step="any"
              value={form.amount}
              onChange={(event) => set({ amount: event.target.value })}
            />
          )}
        </Field>
        <Field label={s.perDay} hint={s.perDayHint(offer.per_day)}>
          {(props) => (
            <Input
              {...props}
              type="number"
              required
              min={1}
              max={offer.per_day}
              value={form.perDay}
              onChange={(event) => set({ perDay: event.target.value })}
            />
          )}
        </Field>
      </div>
      <Field label={s.until} hint={s.untilHint(offer.days)}>
        {(props) => (
          <Input
            {...props}
            type="datetime-local"
            required
            value={form.until}
            onChange={(event) => set({ until: event.target.value })}
          />
        )}
      </Field>
      <Field label={s.reason}>
        {(props) => (
          <Input
            {...props}
            maxLength={REASON_MAX}
            value={form.reason}
            onChange={(event) => set({ reason: event.target.value })}
          />
        )}
      </Field>
    </>
  )
}

function Allow({ checkpoint, offer, onClose }: { checkpoint: Checkpoint; offer: Offer; onClose: () => void }) {
  const [form, setForm] = useState<Form>(() => ({
    amount: String(proposed(checkpoint, offer)),
    perDay: String(Math.min(PER_DAY, offer.per_day)),
    until: localInput(Date.now() + Math.min(DAYS, offer.days) * DAY_MS),
    reason: '',
  }))
  // The same request sent twice allows once.
  const key = useRef(crypto.randomUUID())
  const set = (change: Partial<Form>) => {
    key.current = crypto.randomUUID()
    setForm((old) => ({ ...old, ...change }))
  }
  const client = useQueryClient()
  const allow = useMutation({
    mutationFn: () =>
      writes.allowAhead(
        {
          workflow: checkpoint.run.workflow,
          step: checkpoint.step,
          amount_max: Number(form.amount),
          per_day: Number(form.perDay),
          until: new Date(form.until).getTime(),
          ...(form.reason.trim() && { reason: form.reason.trim() }),
        },
        key.current,
      ),
    onSuccess: () => {
      toast.ok(s.done)
      void client.invalidateQueries({ queryKey: ['checkpoints'] })
      onClose()
    },
  })
  return (
    <FormDialog
      title={s.title}
      text={s.text}
      submit={s.submit}
      sending={allow}
      onSubmit={allow.mutate}
      onClose={onClose}
    >
      <Limits form={form} offer={offer} set={set} />
      {offer.when && (
        <p className="text-xs text-muted">
          {s.when} <code className="font-mono break-all">{offer.when}</code>
        </p>
      )}
    </FormDialog>
  )
}

/**
 * Offers to allow requests like this one in advance, where the step and the caller's rights let it; what is being
 * filled in stays when the card changes behind it.
 */
export function AllowAhead({ checkpoint, may }: { checkpoint: Checkpoint; may: boolean }) {
  const [open, setOpen] = useState<Offer | null>(null)
  const offer = checkpoint.asked?.standing
  return (
    <>
      {may && offer && (
        <Button small look="quiet" className="self-start" onClick={() => setOpen(offer)}>
          {s.open}
        </Button>
      )}
      {open && <Allow checkpoint={checkpoint} offer={open} onClose={() => setOpen(null)} />}
    </>
  )
}
