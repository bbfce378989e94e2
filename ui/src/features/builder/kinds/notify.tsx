import { Plus } from 'lucide-react'
import { channelFindings, channelsOf } from '@/model/channels'
import type { Channel, Notify } from '@/model/document'
import { Button } from '@/ui/button'
import { Field, Select } from '@/ui/field'
import { Menu } from '@/ui/menu'
import { Note } from '@/ui/states'
import { useBuilder } from '../context'
import { Group, movedUp, RowButtons, TextField } from '../fields'
import { RetryGroup } from '../retry-group'
import { strings } from '../strings'
import { InDoubtGroup } from './in-doubt'
import { NotifyTemplate } from './notify-template'

const s = strings.notify
const named = (channel: Channel): string => s.channelNames[channel] ?? channel
const CHANNELS: Channel[] = ['conversation', 'email', 'whatsapp', 'telegram', 'sms']

/** Which address each channel needs. */
const ADDRESSES: [address: 'phone' | 'email' | 'telegram', channels: Channel[]][] = [
  ['phone', ['whatsapp', 'sms']],
  ['email', ['email']],
  ['telegram', ['telegram']],
]

function Recipients({ id, step }: { id: string; step: Notify }) {
  const chosen = channelsOf(step)
  const shown = ADDRESSES.filter(
    ([address, channels]) => step.to?.[address] !== undefined || channels.some((channel) => chosen.includes(channel)),
  )
  if (shown.length === 0) return null
  return (
    <Group title={strings.recipient.title} field="to">
      {shown.map(([address]) => (
        <TextField
          key={address}
          id={id}
          path={['to', address]}
          label={strings.recipient[address]}
          hint={strings.recipient.hint}
          mode="template"
          placeholder={`{{ customer.${address} }}`}
        />
      ))}
    </Group>
  )
}

export function NotifyEditor({ id, step }: { id: string; step: Notify }) {
  const builder = useBuilder()
  const channels = channelsOf(step)
  const set = (next: Channel[]) => builder.perform({ op: 'set_field', id, path: ['channels'], value: next })
  const unused = CHANNELS.filter((channel) => !channels.includes(channel))
  return (
    <>
      <fieldset data-field="channels" className="flex flex-col gap-1.5">
        <legend className="mb-1 text-xs font-medium text-muted">{s.channels}</legend>
        {channels.map((channel, index) => (
          <div
            key={channel}
            data-field={`channels.${index}`}
            className="flex items-center rounded-md border border-line py-0.5 pl-2 text-sm"
          >
            {index + 1}. {named(channel)}
            <RowButtons
              first={index === 0}
              removable={channels.length > 1}
              onUp={() => set(movedUp(channels, index))}
              onRemove={() => set(channels.filter((one) => one !== channel))}
              upLabel={strings.condition.up}
              removeLabel={strings.inspector.remove(named(channel))}
            />
          </div>
        ))}
        {unused.length > 0 && (
          <div>
            <Menu
              align="start"
              trigger={
                <Button small icon={<Plus size={13} />}>
                  {s.addChannel}
                </Button>
              }
              items={unused.map((channel) => ({
                id: channel,
                label: named(channel),
                run: () => set([...channels, channel]),
              }))}
            />
          </div>
        )}
      </fieldset>
      {channelFindings(step).map((finding) => (
        <Note key={finding} tone="warn">
          {s.lint[finding]}
        </Note>
      ))}
      {channels.length > 1 && (
        <Field label={s.delivery}>
          {(props) => (
            <Select
              {...props}
              data-field="delivery"
              value={step.delivery ?? 'all'}
              onChange={(event) =>
                builder.perform({ op: 'set_field', id, path: ['delivery'], value: event.target.value })
              }
            >
              <option value="all">{s.all}</option>
              <option value="first">{s.first}</option>
            </Select>
          )}
        </Field>
      )}
      {channels.includes('email') && (
        <TextField id={id} path={['subject']} label={s.subject} mode="template" placeholder={strings.tool.template} />
      )}
      <TextField
        id={id}
        path={['body']}
        label={s.body}
        rows={5}
        required
        mode="template"
        placeholder={strings.tool.template}
      />
      {(channels.includes('whatsapp') || step.template) && <NotifyTemplate id={id} step={step} />}
      <Recipients id={id} step={step} />
      <RetryGroup id={id} step={step} />
      <InDoubtGroup id={id} />
    </>
  )
}
