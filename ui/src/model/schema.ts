import { isObject, type Json } from './json'

export type SchemaField = {
  name: string
  title: string
  description: string
  type: 'string' | 'number' | 'boolean' | 'json'
  required: boolean
  secret: boolean
  choices: string[] | null
  /** What the choices are in JSON, in the same order. */
  values: Json[] | null
  /** The members of an object, one level deep. */
  fields: SchemaField[] | null
  /** What each item of a list is, when that is told. */
  item: SchemaField | null
  example: Json | undefined
}

/**
 * The top-level fields of an object schema, simple enough for a plain form, with the members of the objects among
 * them. Anything deeper becomes a JSON field.
 */
export function schemaFields(schema: unknown, nested = true): SchemaField[] {
  if (!isObject(schema) || !isObject(schema.properties)) return []
  const required = Array.isArray(schema.required) ? schema.required : []
  return Object.entries(schema.properties).map(([name, raw]) => fieldOf(name, raw, required.includes(name), nested))
}

function fieldOf(name: string, raw: unknown, required: boolean, nested: boolean): SchemaField {
  const field = isObject(raw) ? raw : {}
  const listed = fieldType(field.type) === 'json' && isObject(field.items) && !Array.isArray(field.enum)
  return {
    name,
    title:
      typeof field.title === 'string' ? field.title : name.replaceAll('_', ' ').replace(/^./, (c) => c.toUpperCase()),
    description: typeof field.description === 'string' ? field.description : '',
    type: fieldType(field.type),
    required,
    secret: field.writeOnly === true || field.format === 'password' || field['x-secret'] === true,
    choices: Array.isArray(field.enum) ? field.enum.map(String) : null,
    values: Array.isArray(field.enum) ? field.enum : null,
    fields:
      nested && isObject(field.properties) && Object.keys(field.properties).length > 0
        ? schemaFields(field, false)
        : null,
    item: listed && nested ? fieldOf('', field.items, false, true) : null,
    example: field.default ?? (Array.isArray(field.examples) ? field.examples[0] : undefined),
  }
}

function fieldType(type: Json | undefined): SchemaField['type'] {
  const name = Array.isArray(type) ? type.find((t) => t !== 'null') : type
  if (name === 'string' || name === 'boolean') return name
  if (name === 'number' || name === 'integer') return 'number'
  return 'json'
}
