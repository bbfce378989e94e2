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
  long: { type: 'string', maxLength: 4000 },
  number: { type: 'number' },
  integer: { type: 'integer' },
  boolean: { type: 'boolean' },
  choice: { type: 'string', enum: s.newChoices },
  date: { type: 'string', format: 'date' },
  photo: { type: 'string', format: 'data-url', contentMediaType: 'image/*' },
}

/** Which type of field a schema is. */
export function kindOf(schema: JsonObject): string {
  if (Array.isArray(schema.enum)) return 'choice'
  if (schema.format === 'data-url') return 'photo'
  if (schema.format === 'email' || schema.format === 'date') return schema.format
  if (schema.type === 'string') return Number(schema.maxLength ?? 0) > 200 ? 'long' : 'string'
  return typeof schema.type === 'string' && Object.hasOwn(TYPES, schema.type) ? schema.type : 'string'
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
  const begins = fields[index]?.newPage === true
  return fields
    .map((field, at) => (begins && at === index + 1 ? { ...field, newPage: true } : field))
    .filter((_, at) => at !== index)
}

/** A schema whose choices are the words of a text, separated by commas. */
export function withChoices(schema: JsonObject, text: string): JsonObject {
  return { ...schema, enum: listed(text) }
}
