import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useId } from 'react'
import { queries } from '@/api/queries'
import type { TemplateAsk } from '@/api/types'
import { Checkbox, Field, Input, Select } from '@/ui/field'
import { strings as s } from './strings'

/** Answers by the names of what is asked. */
export type Answers = Readonly<Record<string, unknown>>

const textOf = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

type Asked = { ask: TemplateAsk; value: unknown; onChange: (value: unknown) => void }

function NotConnected({ what }: { what: string }) {
  return (
    <span className="text-warn">
      {s.asks.notYet(what)}{' '}
      <Link to="/connectors" className="underline">
        {s.asks.connect}
      </Link>
    </span>
  )
}

function ConnectionAsk({ ask, value, onChange }: Asked) {
  const { data } = useQuery(queries.connections())
  const names = data?.items.filter((one) => one.connector === ask.of).map((one) => one.name)
  return (
    <Field
      label={s.asks.connection(ask.of)}
      hint={names?.length === 0 ? <NotConnected what={ask.of} /> : undefined}
      className="min-w-40 flex-1"
    >
      {(props) => (
        <Select
          {...props}
          value={typeof value === 'string' ? value : ''}
          onChange={(event) => onChange(event.target.value || null)}
        >
          <option value="">{names && names.length > 1 ? s.asks.later : s.asks.only}</option>
          {names?.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </Select>
      )}
    </Field>
  )
}

function ChannelAsk({ ask, value, onChange }: Asked) {
  const { data } = useQuery(queries.channels())
  const missing = data && !data.items.some((one) => one.channel === ask.of)
  return (
    <span className="flex min-w-40 flex-1 flex-col gap-0.5 self-center text-xs text-muted">
      <Checkbox
        label={s.asks.channel(s.asks.channelName(ask.of))}
        checked={value === true}
        onChange={(event) => onChange(event.target.checked)}
      />
      {missing && value === true && <NotConnected what={s.asks.channelName(ask.of)} />}
    </span>
  )
}

/** A name out of those there are, or a new one. */
function NameAsk({ ask, value, onChange }: Asked) {
  const { data } = useQuery(queries.people())
  const list = useId()
  const group = ask.kind === 'group'
  const groups = [...new Set(data?.items.flatMap((person) => person.groups))].sort()
  const nobody = group && data && !groups.includes(textOf(value)) && !ROLES.has(textOf(value))
  return (
    <Field
      label={group ? s.asks.group(ask.of) : s.asks.team(ask.of)}
      hint={nobody ? <span className="text-warn">{s.asks.nobody}</span> : undefined}
      className="min-w-40 flex-1"
    >
      {(props) => (
        <>
          <Input
            {...props}
            required
            maxLength={64}
            list={list}
            value={textOf(value)}
            onChange={(event) => onChange(event.target.value)}
          />
          <datalist id={list}>
            {groups.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  )
}
const ROLES: ReadonlySet<string> = new Set(['operator', 'builder', 'admin'])

function ValueAsk({ ask, value, onChange }: Asked) {
  const number = typeof ask.value === 'number'
  return (
    <Field label={ask.title ?? ask.of} className="min-w-40 flex-1">
      {(props) => (
        <Input
          {...props}
          required
          type={number ? 'number' : 'text'}
          min={number ? 0 : undefined}
          step={number ? 'any' : undefined}
          value={textOf(value)}
          onChange={(event) => onChange(number ? numberOf(event.target.value) : event.target.value)}
        />
      )}
    </Field>
  )
}
/** A number, or the text as it is until it is one. */
const numberOf = (text: string): unknown => (text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text))

const FIELDS = {
  connection: ConnectionAsk,
  channel: ChannelAsk,
  group: NameAsk,
  team: NameAsk,
  value: ValueAsk,
} as const

/** What the template asks for, so that it is ready to run. */
export function TemplateSettings({
  asks,
  answers,
  disabled,
  onChange,
}: {
  asks: readonly TemplateAsk[]
  answers: Answers
  disabled: boolean
  onChange: (answers: Answers) => void
}) {
  if (asks.length === 0) return null
  return (
    <fieldset disabled={disabled} className="flex min-w-0 flex-wrap items-start gap-x-3 gap-y-2">
      <legend className="mb-1 text-xs font-medium text-muted">{s.needs}</legend>
      {asks.map((ask) => {
        const Ask = FIELDS[ask.kind]
        return (
          <Ask
            key={ask.name}
            ask={ask}
            value={Object.hasOwn(answers, ask.name) ? answers[ask.name] : ask.value}
            onChange={(value) => onChange({ ...answers, [ask.name]: value })}
          />
        )
      })}
    </fieldset>
  )
}
