import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { ApiProblem, problemText } from '@/api/client'
import { AreaLinks } from '@/app/area'
import { PageBody, PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMe } from '@/app/session'
import { Button } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { toast } from '@/ui/toast'
import { reads, writes } from './api'
import { formOf, settingsOf, type Form, type MyNotifications } from './form'
import { strings as s } from './strings'

type Channel = keyof typeof s.names
const CHANNELS = Object.keys(s.names) as Channel[]
const ZONES = Intl.supportedValuesOf('timeZone')

function Section({ title, help, children }: { title: string; help: string; children: ReactNode }) {
  return (
    <section className="grid gap-3 border-b border-line pb-8 md:grid-cols-[14rem_1fr]">
      <div>
        <h2 className="font-semibold">{title}</h2>
        <p className="mt-1 text-sm text-muted">{help}</p>
      </div>
      <div className="flex max-w-lg min-w-0 flex-col gap-3">{children}</div>
    </section>
  )
}

/** One channel: whether, and where. */
function ChannelRow({
  channel,
  form,
  set,
  available,
  error,
}: {
  channel: Channel
  form: Form
  set: (change: Partial<Form>) => void
  available: boolean
  error: string | undefined
}) {
  const me = useMe()
  const on = form.channels.includes(channel)
  const toggle = () =>
    set({ channels: on ? form.channels.filter((one) => one !== channel) : [...form.channels, channel] })
  return (
    <div className="flex flex-col gap-2 rounded-lg border border-line px-4 py-3">
      <label className="flex min-h-6 cursor-pointer items-center gap-2 text-sm font-medium max-md:min-h-11">
        <input type="checkbox" checked={on} onChange={toggle} />
        {s.names[channel]}
      </label>
      {on && (
        <Field label={s.address(s.names[channel], s.addresses[channel])} hint={s.hints[channel]} error={error}>
          {(props) => (
            <Input
              {...props}
              required={channel !== 'email'}
              type={channel === 'email' ? 'email' : 'text'}
              placeholder={channel === 'email' ? me.user.email : undefined}
              value={form.addresses[channel] ?? ''}
              onChange={(event) => set({ addresses: { ...form.addresses, [channel]: event.target.value } })}
            />
          )}
        </Field>
      )}
      {on && !available && <Note tone="warn">{s.noAccount}</Note>}
    </div>
  )
}

function Quiet({ form, set, error }: { form: Form; set: (change: Partial<Form>) => void; error: string | undefined }) {
  const { quiet } = form
  const change = (part: Partial<Form['quiet']>) => set({ quiet: { ...quiet, ...part } })
  return (
    <>
      <label className="flex cursor-pointer items-center gap-2 text-sm font-medium max-md:min-h-11">
        <input type="checkbox" checked={quiet.on} onChange={() => change({ on: !quiet.on })} />
        {s.keepQuiet}
      </label>
      {quiet.on && (
        <div className="grid grid-cols-2 gap-3">
          {(['from', 'to'] as const).map((end) => (
            <Field key={end} label={s[end]}>
              {(props) => (
                <Input
                  {...props}
                  type="time"
                  required
                  value={quiet[end]}
                  onChange={(event) => change({ [end]: event.target.value })}
                />
              )}
            </Field>
          ))}
          <Field label={s.zone} error={error} className="col-span-2">
            {(props) => (
              <>
                <Input
                  {...props}
                  required
                  list="time-zones"
                  value={quiet.zone}
                  onChange={(event) => change({ zone: event.target.value })}
                />
                <datalist id="time-zones">
                  {ZONES.map((zone) => (
                    <option key={zone} value={zone} />
                  ))}
                </datalist>
              </>
            )}
          </Field>
        </div>
      )}
    </>
  )
}

/** What the server found wrong there. */
function errorAt(error: Error | null, pointer: string): string | undefined {
  if (!(error instanceof ApiProblem) || typeof error.problem.pointer !== 'string') return undefined
  return error.problem.pointer.startsWith(pointer) ? error.message : undefined
}

function Settings({ given }: { given: MyNotifications }) {
  const client = useQueryClient()
  const [form, setForm] = useState(() => formOf(given))
  const set = (change: Partial<Form>) => setForm((old) => ({ ...old, ...change }))
  const save = useMutation({
    mutationFn: () => writes.notifications(settingsOf(form)),
    onSuccess: (now) => {
      client.setQueryData(reads.notifications().queryKey, now)
      toast.ok(s.saved)
    },
  })
  const known = (pointer: string) => errorAt(save.error, pointer)
  const told = save.error !== null && known('/') === undefined
  return (
    <form
      className="flex flex-col gap-8"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <Section title={s.channels} help={s.channelsHelp}>
        {CHANNELS.map((channel) => (
          <ChannelRow
            key={channel}
            channel={channel}
            form={form}
            set={set}
            available={given.available.includes(channel)}
            error={form.channels.includes(channel) ? known(`/channels/${form.channels.indexOf(channel)}/`) : undefined}
          />
        ))}
        {form.channels.length === 0 && <Note tone="warn">{s.nothing}</Note>}
      </Section>
      <Section title={s.quiet} help={s.quietHelp}>
        <Quiet form={form} set={set} error={known('/quiet_hours')} />
      </Section>
      {told && <Note tone="bad">{problemText(save.error)}</Note>}
      <div>
        <Button type="submit" look="primary" className="max-md:min-h-11" busy={save.isPending}>
          {s.save}
        </Button>
      </div>
    </form>
  )
}

export default function NotificationsPage() {
  useTitle(s.title)
  const query = useQuery(reads.notifications())
  return (
    <>
      <PageHead title={s.title} below={<AreaLinks area="settings" />} />
      <PageBody>
        <QueryState query={query}>{(given) => <Settings given={given} />}</QueryState>
      </PageBody>
    </>
  )
}
