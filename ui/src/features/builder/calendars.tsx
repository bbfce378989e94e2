import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import type { Calendar } from '@/model/document'
import { listed } from '@/model/listed'
import type { Operation } from '@/model/operations/types'
import { Button, IconButton } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { ZoneInput } from '@/ui/zone-input'
import { useBuilder, useDocument } from './context'
import { Group, NameInput } from './fields'
import { strings } from './strings'

const s = strings.calendars
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const OFFICE = ['09:00-17:00']
const NEW: Calendar = { time_zone: 'UTC', hours: { mon: OFFICE, tue: OFFICE, wed: OFFICE, thu: OFFICE, fri: OFFICE } }

/** Words separated by commas; what is being typed stays as it is until the field is left. */
function Words({
  label,
  at,
  value,
  hint,
  set,
}: {
  label: string
  at: string
  value: readonly string[]
  hint?: string
  set: (words: string[]) => void
}) {
  const [draft, setDraft] = useState<string | null>(null)
  return (
    <Field label={label} hint={hint}>
      {(props) => (
        <Input
          {...props}
          data-field={at}
          className="font-mono !text-xs"
          value={draft ?? value.join(', ')}
          onBlur={() => setDraft(null)}
          onChange={(event) => {
            setDraft(event.target.value)
            set(listed(event.target.value))
          }}
        />
      )}
    </Field>
  )
}

function Row({ at, calendar, set }: { at: string; calendar: Calendar; set: (calendar: Calendar) => void }) {
  const hours = (day: string, words: string[]) => {
    const { [day]: _old, ...others } = calendar.hours
    const next: Record<string, string[]> = words.length > 0 ? { ...others, [day]: words } : others
    const sorted = DAYS.flatMap((one) => (next[one] ? [[one, next[one]] as const] : []))
    set({ ...calendar, hours: Object.fromEntries(sorted) })
  }
  const { holidays: _old, ...rest } = calendar
  return (
    <>
      <Field label={s.zone}>
        {(props) => (
          <ZoneInput
            {...props}
            data-field={`${at}.time_zone`}
            className="font-mono !text-xs"
            value={calendar.time_zone}
            onChange={(event) => set({ ...calendar, time_zone: event.target.value })}
          />
        )}
      </Field>
      <div className="grid grid-cols-2 gap-2">
        {DAYS.map((day) => (
          <Words
            key={day}
            label={s.days[day]}
            at={`${at}.hours.${day}`}
            value={calendar.hours[day] ?? []}
            set={(words) => hours(day, words)}
          />
        ))}
      </div>
      <Words
        label={s.holidays}
        hint={s.holidaysHint}
        at={`${at}.holidays`}
        value={calendar.holidays ?? []}
        set={(words) => set(words.length > 0 ? { ...rest, holidays: words } : rest)}
      />
    </>
  )
}

/** When people of a place work: what approvals reckon their time in. Steps that say its name follow a new one. */
export function Calendars() {
  const builder = useBuilder()
  const document = useDocument()
  const [added, setAdded] = useState(-1)
  const rows = Object.entries(document.calendars ?? {})
  const field = (next: [string, Calendar][]): Operation => ({
    op: 'set_document',
    field: 'calendars',
    value: next.length > 0 ? Object.fromEntries(next) : undefined,
  })
  const rename = (index: number, from: string, to: string) => {
    const follow = Object.entries(document.steps)
      .filter(([, step]) => step.type === 'approval' && step.calendar === from)
      .map(([id]): Operation => ({ op: 'set_field', id, path: ['calendar'], value: to }))
    const named = rows.map((row, place): [string, Calendar] => (place === index ? [to, row[1]] : row))
    builder.perform({ op: 'batch', name: 'rename', operations: [field(named), ...follow] })
  }
  const add = () => {
    let number = rows.length + 1
    while (rows.some(([name]) => name === `calendar_${number}`)) number += 1
    setAdded(rows.length)
    builder.perform(field([...rows, [`calendar_${number}`, NEW]]))
  }
  return (
    <Group title={s.title} field="calendars">
      <p className="text-xs text-faint">{s.hint}</p>
      {rows.map(([name, calendar], index) => (
        <fieldset
          key={index}
          aria-label={s.calendar(name)}
          data-field={`calendars.${name}`}
          className="flex min-w-0 flex-col gap-2 rounded-md border border-line p-2"
        >
          <div className="flex items-start gap-1">
            <NameInput
              className="min-w-0 flex-1"
              autoFocus={index === added}
              label={s.name(name)}
              value={name}
              taken={(other) => rows.some(([one]) => one === other)}
              onCommit={(next) => rename(index, name, next)}
            />
            <IconButton
              label={strings.inspector.remove(s.calendar(name))}
              onClick={() => builder.perform(field(rows.filter((_, place) => place !== index)))}
            >
              <X size={14} />
            </IconButton>
          </div>
          <Row
            at={`calendars.${name}`}
            calendar={{ ...calendar, hours: calendar.hours ?? {} }}
            set={(next) => builder.perform(field(rows.map((row, place) => (place === index ? [name, next] : row))))}
          />
        </fieldset>
      ))}
      <div>
        <Button small icon={<Plus size={13} />} onClick={add}>
          {s.add}
        </Button>
      </div>
    </Group>
  )
}
