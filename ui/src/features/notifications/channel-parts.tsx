import { useMutation } from '@tanstack/react-query'
import { Plus, Send, X } from 'lucide-react'
import { problemText } from '@/api/client'
import { Button, IconButton } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { ZoneInput } from '@/ui/zone-input'
import { writes } from './api'
import type { Form } from './form'
import { strings as s } from './strings'

const REASONS = Object.keys(s.reasons) as (keyof typeof s.reasons)[]
const TIMES_MAX = 6

/** Of what a person is told over one channel. */
export function Reasons({ way, form, set }: { way: string; form: Form; set: (change: Partial<Form>) => void }) {
  const except = form.except[way] ?? []
  const flip = (reason: string, on: boolean) => {
    const next = on ? except.filter((one) => one !== reason) : [...except, reason]
    set({ except: { ...form.except, [way]: next } })
  }
  return (
    <fieldset className="flex flex-wrap gap-x-4 gap-y-1">
      <legend className="mb-1 text-xs font-medium text-muted">{s.about}</legend>
      {REASONS.map((reason) => (
        <label key={reason} className="flex cursor-pointer items-center gap-2 text-sm max-md:min-h-11">
          <input
            type="checkbox"
            checked={!except.includes(reason)}
            onChange={(event) => flip(reason, event.target.checked)}
          />
          {s.reasons[reason]}
        </label>
      ))}
    </fieldset>
  )
}

/** Sends one message over a channel, as it is saved. */
export function TestMessage({
  channel,
  address,
  name,
  saved,
}: {
  channel: string
  address: string | null
  name: string
  saved: boolean
}) {
  const test = useMutation({ mutationFn: () => writes.test({ channel, address }) })
  return (
    <div className="flex flex-col items-start gap-2">
      <Button
        small
        icon={<Send size={13} />}
        aria-label={s.testOver(name)}
        disabled={!saved}
        busy={test.isPending}
        onClick={() => test.mutate()}
        className="max-md:min-h-11"
      >
        {s.test}
      </Button>
      {!saved && <p className="text-xs text-faint">{s.saveFirst}</p>}
      {test.data?.sent && <Note tone="ok">{s.tested}</Note>}
      {test.data && !test.data.sent && <Note tone="bad">{s.notTested(test.data.error ?? '')}</Note>}
      {test.error && <Note tone="bad">{problemText(test.error)}</Note>}
    </div>
  )
}

/** At what times one message lists what waits. */
export function Digest({
  form,
  set,
  errorOf,
}: {
  form: Form
  set: (change: Partial<Form>) => void
  errorOf: (place: string) => string | undefined
}) {
  const { digest } = form
  const change = (part: Partial<Form['digest']>) => set({ digest: { ...digest, ...part } })
  return (
    <>
      <label className="flex cursor-pointer items-center gap-2 text-sm font-medium max-md:min-h-11">
        <input type="checkbox" checked={digest.on} onChange={() => change({ on: !digest.on })} />
        {s.digestOn}
      </label>
      {digest.on && (
        <div className="flex flex-col gap-3">
          {digest.times.map((time, index) => (
            <div key={index} className="flex items-end gap-2">
              <Field label={s.digestTime(index + 1)} error={errorOf(`digest.${index}`)}>
                {(props) => (
                  <Input
                    {...props}
                    type="time"
                    required
                    value={time}
                    onChange={(event) =>
                      change({ times: digest.times.map((one, at) => (at === index ? event.target.value : one)) })
                    }
                  />
                )}
              </Field>
              {digest.times.length > 1 && (
                <IconButton
                  label={s.digestRemove(index + 1)}
                  onClick={() => change({ times: digest.times.filter((_, at) => at !== index) })}
                >
                  <X size={14} />
                </IconButton>
              )}
            </div>
          ))}
          {digest.times.length < TIMES_MAX && (
            <div>
              <Button
                small
                icon={<Plus size={13} />}
                onClick={() => change({ times: [...digest.times, '16:00'] })}
                className="max-md:min-h-11"
              >
                {s.digestAdd}
              </Button>
            </div>
          )}
          <Field label={s.digestZone} error={errorOf('digest.zone')}>
            {(props) => (
              <ZoneInput
                {...props}
                required
                value={digest.zone}
                onChange={(event) => change({ zone: event.target.value })}
              />
            )}
          </Field>
        </div>
      )}
    </>
  )
}
