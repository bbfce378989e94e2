import { format, Validator, type OutputUnit } from '@cfworker/json-schema'
import { toErrorSchema, type RJSFSchema, type RJSFValidationError, type ValidatorType } from '@rjsf/utils'
import { exampleAmount, fieldKind } from '@/model/field-kind'
import { fieldNames } from '@/model/form-draft'
import { filled } from '@/model/form-schema'
import { askedForm, askedValues } from '@/model/form-when'
import { isObject, pointerParts, toPointer } from '@/model/json'
import { strings as s } from './strings'

// An interpreting validator: the usual one compiles schemas with `new Function`, which the content security policy
// of the server forbids, and weighs four times as much. The server has the last word in any case.

// A time of day as a browser gives it, too: `14:30`.
const full = format.time
format.time = (text) => /^([01]\d|2[0-3]):[0-5]\d$/.test(text) || (full?.(text) ?? true)

type Data = Record<string, unknown>

const WRAPPERS = new Set([
  'properties',
  'items',
  'allOf',
  'anyOf',
  'oneOf',
  '$ref',
  'if',
  'then',
  'else',
  'additionalProperties',
  'prefixItems',
])

function words(unit: OutputUnit, schema: RJSFSchema): string {
  const limit = (schema as Record<string, unknown>)[unit.keyword]
  const shown = typeof limit === 'number' || typeof limit === 'string' ? String(limit) : ''
  switch (unit.keyword) {
    case 'required':
    case 'dependentRequired':
      return fieldKind(schema) === 'consent' ? s.consent : s.missing
    case 'false':
      return s.unasked
    case 'format':
      return shown === 'email' ? s.email : s.format(shown)
    case 'minLength':
      return s.charactersMin(shown)
    case 'maxLength':
      return s.charactersMax(shown)
    case 'minimum':
      return s.min(shown)
    case 'maximum':
      return s.max(shown)
    case 'minItems':
      return s.itemsMin(shown)
    case 'maxItems':
      return s.itemsMax(shown)
    case 'pattern':
      return fieldKind(schema) === 'money' ? amount(schema) : s.pattern
    case 'enum':
    case 'const':
      return fieldKind(schema) === 'consent' ? s.consent : s.choice
    case 'type':
      return s.type
    default:
      return unit.error
  }
}

function amount(schema: RJSFSchema): string {
  const { currency } = schema as { currency?: unknown }
  const unit = typeof currency === 'string' ? currency : ''
  return s.amount(unit, exampleAmount(unit))
}

function schemaAt(schema: RJSFSchema, path: readonly string[]): RJSFSchema {
  return path.reduce<RJSFSchema>((at, part) => {
    const inner: unknown = /^\d+$/.test(part) ? at.items : at.properties?.[part]
    return typeof inner === 'object' && inner !== null ? inner : {}
  }, schema)
}

const MISSING: Record<string, RegExp> = {
  required: /"([^"]+)"/,
  dependentRequired: /does not have "([^"]+)"/,
}

/** Missing properties are reported at their parent; people look for them at the field. */
function place(unit: OutputUnit): string[] {
  const path = pointerParts(unit.instanceLocation.replace(/^#/, ''))
  const missing = MISSING[unit.keyword]?.exec(unit.error)?.[1]
  return missing === undefined ? path : [...path, missing]
}

export type Problem = { pointer?: string | null; message: string }

/** Where a problem is; pointers of the server may start with `/values`. */
export function partsOf({ pointer }: Problem): string[] {
  const parts = pointerParts(pointer ?? '')
  return parts[0] === 'values' ? parts.slice(1) : parts
}

/** What is wrong with the values as they would be sent. */
export function problems(schema: unknown, values: Data): Problem[] {
  const asked = askedForm(schema, values)
  const found = findErrors(isObject(asked) ? asked : {}, filled(asked, askedValues(schema, values)))
  return found.map(({ path, message }) => ({ pointer: toPointer(['values', ...path]), message }))
}

/** What is wrong where no field is shown is said of the form as a whole. */
export function placed(schema: unknown, path: string[], message: string): { path: string[]; message: string } {
  const first = path[0]
  return first === undefined || fieldNames(schema).has(first)
    ? { path, message }
    : { path: [], message: s.of(first, message) }
}

function findErrors(schema: RJSFSchema, data: unknown): { keyword: string; path: string[]; message: string }[] {
  const { errors } = new Validator(schema as object, '2020-12', false).validate(data)
  return errors
    .filter((unit) => !WRAPPERS.has(unit.keyword))
    .map((unit) => {
      const path = place(unit)
      return { keyword: unit.keyword, path, message: words(unit, schemaAt(schema, path)) }
    })
}

const shared = ({ $defs = {}, definitions = {} }: RJSFSchema) => ({ $defs, definitions })

export const validator: ValidatorType<Data, RJSFSchema> = {
  validateFormData(formData, schema) {
    const errors: RJSFValidationError[] = findErrors(schema, filled(schema, formData ?? {})).map((found) => {
      const { path, message } = placed(schema, found.path, found.message)
      return { name: found.keyword, message, property: path.map((part) => `.${part}`).join(''), stack: message }
    })
    return { errors, errorSchema: toErrorSchema<Data>(errors) }
  },
  isValid(schema, formData, rootSchema) {
    try {
      return new Validator({ ...schema, ...shared(rootSchema) } as object, '2020-12').validate(formData ?? null).valid
    } catch {
      return false
    }
  },
  rawValidation(schema, formData) {
    return { errors: new Validator(schema as object, '2020-12', false).validate(formData ?? null).errors as never[] }
  },
}

export default validator
