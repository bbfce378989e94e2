import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { List, Reply } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import type { FormMessage, FormShowing } from '@/api/types'
import type { Json } from '@/model/json'
import { cx } from '@/ui/cx'
import { Tabs } from '@/ui/tabs'
import { reads } from '../api'
import { Group } from '../fields'
import { strings } from '../strings'

const s = strings.form

/** A message as the customer's program draws it; what could be pressed there is only shown here. */
function Message({ channel, showing, message }: { channel: string; showing: FormShowing; message: FormMessage }) {
  const pressed = message.choices.length > 0 && showing !== 'list'
  const inside = pressed && channel === 'whatsapp'
  const press = 'flex items-center justify-center gap-1.5 px-3 py-1.5 text-center text-sm font-medium text-accent'
  return (
    <div className="flex max-w-72 flex-col gap-1">
      <div
        className={cx(
          'overflow-hidden border border-line-strong bg-raised',
          channel === 'email' ? 'rounded-md' : 'rounded-2xl rounded-bl-md',
        )}
      >
        <p className="px-3 py-2 text-sm break-words whitespace-pre-wrap">{message.text || '…'}</p>
        {inside && (
          <ul aria-label={s.choicesShown}>
            {message.choices.map((choice, index) => (
              <li key={index} className={cx(press, 'border-t border-line')}>
                <Reply size={13} aria-hidden />
                {choice}
              </li>
            ))}
          </ul>
        )}
        {showing === 'list' && message.choices.length > 0 && (
          <>
            <p className={cx(press, 'border-t border-line')}>
              <List size={13} aria-hidden />
              {s.openList}
            </p>
            <ul aria-label={s.choicesShown} className="border-t border-line bg-sunken">
              {message.choices.map((choice, index) => (
                <li key={index} className="px-3 py-1 text-sm">
                  {choice}
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
      {pressed && !inside && (
        <ul aria-label={s.choicesShown} className="flex flex-col gap-1">
          {message.choices.map((choice, index) => (
            <li key={index} className={cx(press, 'rounded-md border border-line-strong bg-raised')}>
              {choice}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/**
 * The form as the customer sees it, channel by channel; the server says what is sent. `inline` is the form
 * itself.
 */
export function FormOverChannels({ form, prompt, inline }: { form: Json; prompt: string; inline: ReactNode }) {
  const { data } = useQuery({ ...reads.formPreview(form, prompt), placeholderData: keepPreviousData })
  const [channel, setChannel] = useState('conversation')
  const shown = data?.channels.find((one) => one.channel === channel)
  const told = s.channelNames
  return (
    <Group title={s.preview}>
      {data && (
        <Tabs
          label={s.channels}
          value={channel}
          onChange={setChannel}
          tabs={data.channels.map((one) => ({
            id: one.channel,
            label: told[one.channel] ?? one.channel,
            count: one.problems.length,
          }))}
          className="flex-wrap"
        />
      )}
      <div role={data ? 'tabpanel' : undefined} aria-label={told[channel] ?? channel} className="flex flex-col gap-2">
        {shown?.message ? <Message channel={channel} showing={shown.showing} message={shown.message} /> : inline}
        {shown && <p className="text-xs text-faint">{s.showing[shown.showing]}</p>}
        {shown?.problems.map((problem) => (
          <p key={problem} className="text-xs text-warn">
            {problem}
          </p>
        ))}
      </div>
    </Group>
  )
}
