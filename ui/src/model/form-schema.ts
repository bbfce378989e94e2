/** What a form's schema leaves open, so that it can be shown and what nobody filled stays out. */
import { amountPattern, fieldKind } from './field-kind'
import { isObject, type JsonObject } from './json'

const typeOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value === 'object' ? 'object' : typeof value

/** The values a choice offers: an `enum`, or alternatives that are one constant each. */
function offered(schema: JsonObject): unknown[] | null {
  if (Array.isArray(schema.enum)) return schema.enum
  const ways = schema.oneOf ?? schema.anyOf
  if (!Array.isArray(ways) || ways.length === 0) return null
  const constants = ways.map((way) => (isObject(way) && 'const' in way ? [way.const] : []))
  return constants.every((one) => one.length === 1) ? constants.flat() : null
}

/** The schema with the type of each choice written out: without one a form does not know that it is a choice. */
export function withTypes(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withTypes)
  if (!isObject(schema)) return schema
  const inner = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => {
      if (['properties', '$defs', 'definitions'].includes(name) && isObject(value))
        return [name, Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withTypes(one)]))]
      return [name, ['items', 'then', 'else', 'allOf'].includes(name) ? withTypes(value) : value]
    }),
  )
  if ('type' in schema) return drawn(inner)
  const types = [...new Set(offered(schema)?.map(typeOf) ?? [])]
  return types.length === 0 ? inner : { ...inner, type: types.length === 1 ? types[0] : types }
}

/** What the form has to be told besides of some kinds. */
function drawn(schema: Record<string, unknown>): Record<string, unknown> {
  switch (fieldKind(schema)) {
    case 'consent': {
      // A constant would be filled in, and nobody agrees before they are asked.
      const { const: _agreed, default: _before, ...rest } = schema
      return { ...rest, enum: [true] }
    }
    case 'several':
      return { ...schema, uniqueItems: true }
    case 'money':
      return { ...schema, pattern: amountPattern(typeof schema.currency === 'string' ? schema.currency : '') }
    default:
      return schema
  }
}

const mayBeNull = (schema: unknown): boolean =>
  isObject(schema) && (Array.isArray(schema.type) ? schema.type.includes('null') : schema.type === 'null')

const empty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0)

/** A box that is not ticked, and what is only read. */
const unsaid = (schema: unknown, value: unknown): boolean =>
  (value === false && fieldKind(schema) === 'consent') || (value === null && fieldKind(schema) === 'summary')

/**
 * The values without what nobody filled: an empty text, a list without items, an object without members, `null` where
 * the schema takes none. A required list or object stays, empty as it is, so that it is asked for by its own rule.
 */
export function filled(schema: unknown, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = isObject(schema) ? schema.items : undefined
    return value.map((item: unknown) => filled(items, item))
  }
  if (!isObject(value)) return value
  const properties = isObject(schema) && isObject(schema.properties) ? schema.properties : {}
  const required = isObject(schema) && Array.isArray(schema.required) ? schema.required : []
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, member]) => !unsaid(properties[name], member))
      .map(([name, member]) => [name, filled(properties[name], member)] as const)
      .filter(
        ([name, member]) =>
          !empty(member) ||
          (member === null && mayBeNull(properties[name])) ||
          (required.includes(name) && typeof member === 'object' && member !== null),
      ),
  )
}
