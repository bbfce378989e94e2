import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiProblem, problemText } from '@/api/client'
import { AreaLinks } from '@/app/area'
import { PageBody, PageHead, PageSection, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMe } from '@/app/session'
import { pointerParts } from '@/model/json'
import { Button } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { toast } from '@/ui/toast'
import { ZoneInput } from '@/ui/zone-input'
import { reads, writes } from './api'
import { Digest, Reasons, TestMessage } from './channel-parts'
import { channelOf, formOf, settingsOf, wayOf, type Form, type MyNotifications } from './form'
import { strings as s } from './strings'

type Way = keyof typeof s.names
const WAYS = Object.keys(s.names) as Way[]
/** Fields of the quiet hours, as the server names them. */
const QUIET = ['from', 'to', 'time_zone']
/** A way of being told, or one of these. */
type Place = string

/** One way: whether, and where. */
function WayRow({
  way,
  form,
  set,
  available,
  saved,
  error,
}: {
  way: Way
  form: Form
  set: (change: Partial<Form>) => void
  available: boolean
  saved: boolean
  error: string | undefined
}) {
  const me = useMe()
  const on = form.ways.includes(way)
  const toggle = () => set({ ways: on ? form.ways.filter((one) => one !== way) : [...form.ways, way] })
  return (
    <div className="flex flex-col gap-2 rounded-lg border border-line px-4 py-3">
      <label className="flex min-h-6 cursor-pointer items-center gap-2 text-sm font-medium max-md:min-h-11">
        <input type="checkbox" checked={on} onChange={toggle} />
        {s.names[way]}
      </label>
      {on && (
        <Field label={s.address(s.names[way], s.addresses[way])} hint={s.hints[way]} error={error}>
          {(props) => (
            <Input
              {...props}
              required={way !== 'email'}
              type={way === 'email' ? 'email' : 'text'}
              placeholder={way === 'email' ? me.user.email : undefined}
              value={form.addresses[way] ?? ''}
              onChange={(event) => set({ addresses: { ...form.addresses, [way]: event.target.value } })}
            />
          )}
        </Field>
      )}
      {on && <Reasons way={way} form={form} set={set} />}
      {on && !available && <Note tone="warn">{s.noAccount}</Note>}
      {on && available && (
        <TestMessage
          channel={channelOf(way)}
          address={form.addresses[way]?.trim() || null}
          name={s.names[way]}
          saved={saved}
        />
      )}
    </div>
  )
}

function Quiet({
  form,
  set,
  errorOf,
}: {
  form: Form
  set: (change: Partial<Form>) => void
  errorOf: (place: Place) => string | undefined
}) {
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
            <Field key={end} label={s[end]} error={errorOf(end)}>
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
          <Field label={s.zone} error={errorOf('time_zone')} className="col-span-2">
            {(props) => (
              <ZoneInput
                {...props}
                required
                value={quiet.zone}
                onChange={(event) => change({ zone: event.target.value })}
              />
            )}
          </Field>
        </div>
      )}
    </>
  )
}

/** Which field the server found wrong, of those that were sent. */
function placeOf(error: Error | null, sent: Form | undefined): Place | undefined {
  if (!(error instanceof ApiProblem) || typeof error.problem.pointer !== 'string') return undefined
  const [part, name = '', last] = pointerParts(error.problem.pointer)
  if (part === 'digest') return name === 'times' ? `digest.${last ?? 0}` : 'digest.zone'
  return part === 'channels' ? sent?.ways[Number(name)] : name
}

function Settings({ given }: { given: MyNotifications }) {
  const client = useQueryClient()
  const [form, setForm] = useState(() => formOf(given))
  const set = (change: Partial<Form>) => setForm((old) => ({ ...old, ...change }))
  const save = useMutation({
    mutationFn: (sent: Form) => writes.notifications(settingsOf(sent)),
    onSuccess: (now) => {
      client.setQueryData(reads.notifications().queryKey, now)
      toast.ok(s.saved)
    },
  })
  const wrong = placeOf(save.error, save.variables)
  const errorOf = (place: Place) => (place === wrong ? save.error?.message : undefined)
  const shown =
    wrong !== undefined &&
    (form.ways.includes(wrong) ||
      (form.quiet.on && QUIET.includes(wrong)) ||
      (form.digest.on && wrong.startsWith('digest.')))
  return (
    <form
      className="flex flex-col gap-8"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate(form)
      }}
    >
      <PageSection title={s.channels} help={s.channelsHelp}>
        {WAYS.map((way) => (
          <WayRow
            key={way}
            way={way}
            form={form}
            set={set}
            available={given.available.includes(channelOf(way))}
            saved={given.channels.some(
              (one) => wayOf(one) === way && (one.address ?? '') === (form.addresses[way]?.trim() ?? ''),
            )}
            error={errorOf(way)}
          />
        ))}
        {form.ways.length === 0 && <Note tone="warn">{s.nothing}</Note>}
      </PageSection>
      <PageSection title={s.quiet} help={s.quietHelp}>
        <Quiet form={form} set={set} errorOf={errorOf} />
      </PageSection>
      <PageSection title={s.digest} help={s.digestHelp}>
        <Digest form={form} set={set} errorOf={errorOf} />
      </PageSection>
      {save.error && !shown && <Note tone="bad">{problemText(save.error)}</Note>}
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
