import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import { isObject, type Json, type JsonObject } from '@/model/json'
import { Button, IconButton } from '@/ui/button'
import { Input, Select } from '@/ui/field'
import { JsonField, NameInput } from './fields'
import { strings } from './strings'

const s = strings.variables

type Kind = 'text' | 'number' | 'boolean' | 'json' | 'nothing'
const STARTS: Record<Kind, Json> = { text: '', number: 0, boolean: false, json: [], nothing: null }

function kindOf(value: Json): Kind {
  if (value === null) return 'nothing'
  if (typeof value === 'string') return 'text'
  if (typeof value === 'number') return 'number'
  return typeof value === 'boolean' ? 'boolean' : 'json'
}

/** The same value in another kind, as far as there is one. */
function converted(value: Json, kind: Kind): Json {
  const text = typeof value === 'object' ? '' : String(value)
  if (kind === 'text') return text
  if (kind === 'number') return Number.isFinite(Number(text)) ? Number(text) : 0
  return kind === 'boolean' ? text === 'true' : STARTS[kind]
}

function ValueControl({ name, value, set }: { name: string; value: Json; set: (value: Json) => void }) {
  const label = s.value(name)
  if (typeof value === 'boolean')
    return (
      <Select aria-label={label} value={String(value)} onChange={(event) => set(event.target.value === 'true')}>
        <option value="true">{strings.tool.yes}</option>
        <option value="false">{strings.tool.no}</option>
      </Select>
    )
  if (typeof value === 'object')
    return value === null ? null : (
      <JsonField label={label} field={`vars.${name}`} rows={3} value={value} onChange={(next) => set(next ?? [])} />
    )
  const number = typeof value === 'number'
  return (
    <Input
      aria-label={label}
      type={number ? 'number' : 'text'}
      step="any"
      placeholder={number ? undefined : s.empty}
      value={value}
      onChange={(event) => set(number ? Number(event.target.value) : event.target.value)}
    />
  )
}

function Row({
  name,
  value,
  fresh,
  taken,
  rename,
  set,
  remove,
}: {
  name: string
  value: Json
  fresh: boolean
  taken: (name: string) => boolean
  rename: (name: string) => void
  set: (value: Json) => void
  remove: () => void
}) {
  return (
    <div data-field={`vars.${name}`} className="flex flex-col gap-1 border-l-2 border-line pl-2">
      <div className="flex items-start gap-1">
        <NameInput
          className="min-w-0 flex-1"
          autoFocus={fresh}
          label={s.name(name)}
          value={name}
          taken={taken}
          onCommit={rename}
        />
        <Select
          aria-label={s.kind(name)}
          value={kindOf(value)}
          className="!w-28 shrink-0"
          onChange={(event) => set(converted(value, event.target.value as Kind))}
        >
          {Object.entries(s.kinds).map(([id, label]) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </Select>
        <IconButton label={strings.inspector.remove(name)} onClick={remove}>
          <X size={14} />
        </IconButton>
      </div>
      <ValueControl name={name} value={value} set={set} />
    </div>
  )
}

/** The variables with what they start with: a row each, with its type. */
export function VarsField({ value, set }: { value: Json | undefined; set: (vars: JsonObject | undefined) => void }) {
  const rows = Object.entries(isObject(value) ? value : {})
  const [added, setAdded] = useState(-1)
  const names = new Set(rows.map(([name]) => name))
  const write = (next: [string, Json][]) => set(next.length > 0 ? Object.fromEntries(next) : undefined)
  const add = () => {
    let number = 1
    while (names.has(`value_${number}`)) number += 1
    setAdded(rows.length)
    write([...rows, [`value_${number}`, '']])
  }
  return (
    <fieldset data-field="vars" className="flex min-w-0 flex-col gap-2">
      <legend className="mb-1 text-xs font-medium text-muted">{s.title}</legend>
      {rows.map(([name, start], index) => (
        <Row
          key={index}
          name={name}
          value={start}
          fresh={index === added}
          taken={(other) => names.has(other)}
          rename={(next) => write(rows.map((row, at) => (at === index ? [next, row[1]] : row)))}
          set={(next) => write(rows.map((row, at) => (at === index ? [row[0], next] : row)))}
          remove={() => write(rows.filter((_, at) => at !== index))}
        />
      ))}
      <div>
        <Button small look="quiet" icon={<Plus size={13} />} onClick={add}>
          {s.add}
        </Button>
      </div>
    </fieldset>
  )
}
