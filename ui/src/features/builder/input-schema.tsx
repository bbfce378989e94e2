import { Plus } from 'lucide-react'
import { useState } from 'react'
import { isObject, type Json, type JsonObject } from '@/model/json'
import { Button } from '@/ui/button'
import { Group, JsonField, movedUp } from './fields'
import { FormFieldRow } from './kinds/form-field-row'
import { kindOf, readFields, withField, withoutField, writeFields, type FormField } from './kinds/form-fields'
import { strings } from './strings'

const s = strings.inputs
const KNOWN = new Set([
  'type',
  'title',
  'description',
  'format',
  'enum',
  'maxLength',
  'minLength',
  'default',
  'contentMediaType',
])

const PLAIN = new Set(['string', 'number', 'integer', 'boolean'])
/** What rows say of some types besides. */
const MORE: Record<string, readonly string[]> = {
  money: ['currency'],
  consent: ['const'],
  several: ['items', 'uniqueItems', 'minItems', 'maxItems'],
  rating: ['minimum', 'maximum'],
}

/** Whether rows can say all of it. */
function isPlain(schema: Json | undefined, conditional: boolean): boolean {
  if (schema === undefined) return true
  if (!isObject(schema) || '$defs' in schema) return false
  return readFields(schema).every(({ schema: field }) => {
    const kind = kindOf(field)
    return (
      typeof field.type === 'string' &&
      (PLAIN.has(field.type) || kind === 'several') &&
      Object.keys(field).every((key) => KNOWN.has(key) || (conditional && key === 'when') || MORE[kind]?.includes(key))
    )
  })
}

/** Without a title that says nothing. */
function untitled(field: FormField): FormField {
  const { title, ...schema } = field.schema
  return title ? field : { ...field, schema }
}

/** Without an empty list of what is required. */
function trimmed({ required, ...schema }: JsonObject): JsonObject {
  return Array.isArray(required) && required.length > 0 ? { ...schema, required } : schema
}

type Props = {
  value: Json | undefined
  set: (schema: Json | undefined) => void
  /** Where the schema stands, and what it is called. */
  at?: string
  words?: { title: string; schema: string; add: string }
  /** What new rows are called. */
  stem?: string
}

/** The values a schema asks for: a row for each, with its type; what rows cannot say stays a schema. */
export function InputSchema({ value, set, at = 'input', words = s, stem = 'input' }: Props) {
  const [added, setAdded] = useState(-1)
  // What a workflow starts with is asked for as a whole.
  const conditional = at !== 'input'
  if (!isPlain(value, conditional)) return <JsonField label={words.schema} field={at} value={value} onChange={set} />
  const fields = readFields(value ?? null)
  const write = (next: FormField[]) =>
    set(next.length > 0 ? trimmed(writeFields(value ?? null, next.map(untitled))) : undefined)
  const add = () => {
    let number = 1
    while (fields.some((field) => field.name === `${stem}_${number}`)) number += 1
    setAdded(fields.length)
    write([...fields, { name: `${stem}_${number}`, schema: { type: 'string' }, required: false }])
  }
  return (
    <Group title={words.title} field={at}>
      <ol className="flex flex-col gap-2 empty:hidden">
        {fields.map((field, index) => (
          <FormFieldRow
            key={index}
            at={at}
            field={field}
            index={index}
            only={false}
            fresh={index === added}
            taken={(name) => fields.some((one) => one.name === name)}
            earlier={conditional ? fields.slice(0, index) : undefined}
            change={(next) => write(withField(fields, index, next))}
            up={() => {
              setAdded(-1)
              write(movedUp(fields, index))
            }}
            remove={() => {
              setAdded(-1)
              write(withoutField(fields, index))
            }}
          />
        ))}
      </ol>
      <div>
        <Button small icon={<Plus size={13} />} onClick={add}>
          {words.add}
        </Button>
      </div>
    </Group>
  )
}
