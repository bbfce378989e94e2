import { Validator, type OutputUnit } from '@cfworker/json-schema'
import { toErrorSchema, type RJSFSchema, type RJSFValidationError, type ValidatorType } from '@rjsf/utils'
import { filled } from '@/model/form-schema'
import { pointerParts } from '@/model/json'
import { strings as s } from './strings'

// An interpreting validator: the usual one compiles schemas with `new Function`, which the content security policy
// of the server forbids, and weighs four times as much. The server has the last word in any case.

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
      return s.missing
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
    case 'pattern':
      return s.pattern
    case 'enum':
      return s.choice
    case 'type':
      return s.type
    default:
      return unit.error
  }
}

function schemaAt(schema: RJSFSchema, path: readonly string[]): RJSFSchema {
  return path.reduce<RJSFSchema>((at, part) => {
    const inner: unknown = /^\d+$/.test(part) ? at.items : at.properties?.[part]
    return typeof inner === 'object' && inner !== null ? inner : {}
  }, schema)
}

/** Missing properties are reported at their parent; people look for them at the field. */
function place(unit: OutputUnit): string[] {
  const path = pointerParts(unit.instanceLocation.replace(/^#/, ''))
  const missing = unit.keyword === 'required' ? /"([^"]+)"/.exec(unit.error)?.[1] : undefined
  return missing === undefined ? path : [...path, missing]
}

function findErrors(schema: RJSFSchema, data: unknown): RJSFValidationError[] {
  const { errors } = new Validator(schema as object, '2020-12', false).validate(data)
  return errors
    .filter((unit) => !WRAPPERS.has(unit.keyword))
    .map((unit) => {
      const path = place(unit)
      const message = words(unit, schemaAt(schema, path))
      return { name: unit.keyword, message, property: path.map((part) => `.${part}`).join(''), stack: message }
    })
}

export const validator: ValidatorType<Data, RJSFSchema> = {
  validateFormData(formData, schema) {
    const errors = findErrors(schema, filled(schema, formData ?? {}))
    return { errors, errorSchema: toErrorSchema<Data>(errors) }
  },
  isValid(schema, formData, rootSchema) {
    try {
      return new Validator({ ...schema, $defs: rootSchema.$defs ?? {} } as object, '2020-12').validate(formData ?? null)
        .valid
    } catch {
      return false
    }
  },
  rawValidation(schema, formData) {
    return { errors: new Validator(schema as object, '2020-12', false).validate(formData ?? null).errors as never[] }
  },
}

export default validator
