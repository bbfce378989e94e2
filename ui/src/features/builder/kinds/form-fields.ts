import { choicesListed, fieldKind, ratingMost, type FieldKind } from '@/model/field-kind'
import { formPages } from '@/model/form-pages'
import { isObject, type Json, type JsonObject } from '@/model/json'
import { listed } from '@/model/listed'
import { strings } from '../strings'

const s = strings.form

/** `newPage`: it begins a page. */
export type FormField = { name: string; schema: JsonObject; required: boolean; newPage?: boolean }

/** The schema of each type of field as it is begun. */
export const TYPES: Record<string, JsonObject> = {
  string: { type: 'string' },
  email: { type: 'string', format: 'email' },
  phone: { type: 'string', format: 'phone' },
  long: { type: 'string', maxLength: 4000 },
  number: { type: 'number' },
  integer: { type: 'integer' },
  money: { type: 'string', format: 'money', currency: 'EUR' },
  boolean: { type: 'boolean' },
  consent: { type: 'boolean', const: true },
  choice: { type: 'string', enum: s.newChoices },
  several: { type: 'array', uniqueItems: true, items: { type: 'string', enum: s.newChoices } },
  rating: { type: 'integer', format: 'rating', minimum: 1, maximum: 5 },
  date: { type: 'string', format: 'date' },
  time: { type: 'string', format: 'time' },
  photo: { type: 'string', format: 'data-url', contentMediaType: 'image/*' },
  summary: { type: 'null', description: '' },
}

/** What the builder calls each kind that it can edit; the others are texts to it. */
const CALLED: Partial<Record<FieldKind, string>> = {
  email: 'email',
  phone: 'phone',
  long: 'long',
  money: 'money',
  yes_no: 'boolean',
  consent: 'consent',
  choice: 'choice',
  several: 'several',
  rating: 'rating',
  date: 'date',
  time: 'time',
  file: 'photo',
  summary: 'summary',
}

/** Which type of field a schema is. */
export function kindOf(schema: JsonObject): string {
  const kind = fieldKind(schema)
  if (kind === 'number') return schema.type === 'integer' ? 'integer' : 'number'
  return CALLED[kind] ?? 'string'
}

/** The choices of a field, of which one or several are taken. */
export function choicesOf(schema: JsonObject): readonly Json[] {
  const of = fieldKind(schema) === 'several' && isObject(schema.items) ? schema.items : schema
  return Array.isArray(of.enum) ? of.enum : []
}

/** Whether its choices are words in a row, without labels of their own. */
export function hasPlainChoices(schema: JsonObject): boolean {
  const of = fieldKind(schema) === 'several' && isObject(schema.items) ? schema.items : schema
  return Array.isArray(of.enum)
}

/** The field as it is required or not: of several choices at least one is taken then. */
export function withRequired(field: FormField, required: boolean): FormField {
  if (kindOf(field.schema) !== 'several') return { ...field, required }
  const { minItems, ...rest } = field.schema
  const least = typeof minItems === 'number' && minItems > 1 ? minItems : required ? 1 : undefined
  return { ...field, required, schema: least === undefined ? rest : { ...rest, minItems: least } }
}

/** A field's name made of its label. */
function nameOf(label: string): string {
  return label
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 40)
    .replace(/_+$/, '')
}

const GIVEN = /^(field|input|answer)_\d+$/

/** The field under another label. A name nobody chose follows it: it was given, or made of the label before. */
export function withTitle(field: FormField, title: string, taken: (name: string) => boolean): FormField {
  const before = typeof field.schema.title === 'string' ? nameOf(field.schema.title) : ''
  const named = nameOf(title)
  const follows = GIVEN.test(field.name) || (before !== '' && field.name === before)
  const free = /^[a-z]/.test(named) && (named === field.name || !taken(named))
  return { ...field, name: follows && free ? named : field.name, schema: { ...field.schema, title } }
}

/** The schema with the longest text it takes; an empty text takes the limit away. */
export function withLength(schema: JsonObject, text: string): JsonObject {
  const { maxLength: _old, ...rest } = schema
  return text === '' ? rest : { ...rest, maxLength: Number(text) }
}

/** The fields of a form's schema, in order. */
export function readFields(form: Json): FormField[] {
  const properties = isObject(form) && isObject(form.properties) ? form.properties : {}
  const required = isObject(form) && Array.isArray(form.required) ? form.required : []
  const pages = formPages(form)
  const begins = new Set(pages.slice(1).map((page) => page[0]))
  const names = pages.length > 0 ? pages.flat() : Object.keys(properties)
  return names.map((name) => ({
    name,
    schema: isObject(properties[name]) ? properties[name] : {},
    required: required.includes(name),
    ...(begins.has(name) && { newPage: true }),
  }))
}

/** The form's schema with these fields; what else it says stays. */
export function writeFields(form: Json, fields: FormField[]): JsonObject {
  const { pages: _old, ...rest } = isObject(form) ? form : {}
  const pages: string[][] = []
  for (const field of fields) {
    if (field.newPage || pages.length === 0) pages.push([])
    pages.at(-1)?.push(field.name)
  }
  return {
    ...rest,
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, field.schema])),
    required: fields.filter((field) => field.required).map((field) => field.name),
    ...(pages.length > 1 && { pages }),
  }
}

/** The fields without one; the page it began is begun by the next. */
export function withoutField(fields: readonly FormField[], index: number): FormField[] {
  const gone = fields[index]
  return fields
    .map((field, at) => (gone?.newPage === true && at === index + 1 ? { ...field, newPage: true } : field))
    .map((field) => (gone ? { ...field, schema: reconditioned(field.schema, gone.name, null) } : field))
    .filter((_, at) => at !== index)
}

/** A schema whose choices are the words of a text, separated by commas. */
export function withChoices(schema: JsonObject, text: string): JsonObject {
  if (fieldKind(schema) !== 'several') return { ...schema, enum: listed(text) }
  const items = isObject(schema.items) ? schema.items : { type: 'string' }
  return { ...schema, items: { ...items, enum: listed(text) } }
}

/** The types that a form offers: words to read are for customers. */
export function typesOffered(toCustomers: boolean): [string, string][] {
  return Object.entries(s.types).filter(([type]) => toCustomers || type !== 'summary')
}

/** The choices of a field as they are read and as they are kept; none where nothing is chosen in it. */
export function offeredBy(schema: JsonObject): { label: string; value: Json }[] {
  const kind = fieldKind(schema)
  if (kind === 'yes_no' || kind === 'consent')
    return [
      { label: s.yes, value: true },
      { label: s.no, value: false },
    ].slice(0, kind === 'consent' ? 1 : 2)
  const most = ratingMost(schema)
  if (kind === 'rating' && most !== null)
    return Array.from({ length: most }, (_, index) => ({ label: String(index + 1), value: index + 1 }))
  return choicesListed(kind === 'several' ? schema.items : schema) ?? []
}

/** The fields with one changed; conditions on it follow its name. */
export function withField(fields: readonly FormField[], index: number, next: FormField): FormField[] {
  const before = fields[index]?.name
  return fields.map((field, at) => {
    if (at === index) return next
    if (before === undefined || before === next.name) return field
    return { ...field, schema: reconditioned(field.schema, before, next.name) }
  })
}

/** The schema with its conditions on a field on another one, or without them. */
function reconditioned(schema: JsonObject, before: string, after: string | null): JsonObject {
  if (!isObject(schema.when) || !(before in schema.when)) return schema
  const { when, ...rest } = schema
  const kept = Object.entries(when).flatMap(([name, wanted]) =>
    name !== before ? [[name, wanted] as const] : after === null ? [] : [[after, wanted] as const],
  )
  return kept.length === 0 ? rest : { ...rest, when: Object.fromEntries(kept) }
}
