/**
 * Fields that are asked for only when something else was chosen, as the server asks for them
 * (`core/src/run/form_when.rs`).
 */
import { formPages } from './form-pages'
import { isObject, jsonEqual, type Json, type JsonObject } from './json'

type Data = Record<string, unknown>

const fieldsOf = (form: unknown): JsonObject => (isObject(form) && isObject(form.properties) ? form.properties : {})

/** The conditions of a field: earlier fields, each with the choices that ask for it. */
export function conditionsOf(field: unknown): [string, unknown[]][] {
  if (!isObject(field) || !isObject(field.when)) return []
  return Object.entries(field.when).map(([name, wanted]) => [name, Array.isArray(wanted) ? wanted : [wanted]])
}

/** Whether a field is asked for once these answers are given. */
export function isAskedFor(field: unknown, given: Data): boolean {
  return conditionsOf(field).every(([name, wanted]) => {
    if (!Object.hasOwn(given, name)) return false
    const value = given[name]
    const chosen: unknown[] = Array.isArray(value) ? value : [value]
    return chosen.some((one) => wanted.some((want) => jsonEqual(one, want)))
  })
}

/** The names of the fields in the order they are shown. */
export function fieldOrder(form: unknown): string[] {
  const pages = formPages(form)
  return pages.length > 0 ? pages.flat() : Object.keys(fieldsOf(form))
}

/** The names of the fields that these answers ask for, and the answers without those to any other field. */
function settle(form: unknown, values: Data): { asked: string[]; kept: Data } {
  const fields = fieldsOf(form)
  const kept = { ...values }
  const asked = fieldOrder(form).filter((name) => {
    // Fields are asked for by earlier ones, so one way through is enough.
    if (isAskedFor(fields[name], kept)) return true
    delete kept[name]
    return false
  })
  return { asked, kept }
}

/** The answers without those to fields that are not asked for. */
export function askedValues(form: unknown, values: Data): Data {
  return settle(form, values).kept
}

/** A field that is asked for, whatever else is. */
function settled(field: Json | undefined): Json {
  if (!isObject(field)) return field ?? {}
  const { when: _met, ...rest } = field
  return rest
}

/** The form with the fields that these answers ask for; the same where nothing depends on an answer. */
export function askedForm(form: unknown, values: Data): unknown {
  const fields = fieldsOf(form)
  if (!isObject(form) || !Object.values(fields).some((field) => isObject(field) && 'when' in field)) return form
  const { asked } = settle(form, values)
  const properties = Object.entries(fields)
    .filter(([name]) => asked.includes(name))
    .map(([name, field]) => [name, settled(field)] as const)
  const required = Array.isArray(form.required) ? form.required : []
  const pages = formPages(form).map((page) => page.filter((name) => asked.includes(name)))
  const { pages: _all, ...rest } = form
  return {
    ...rest,
    properties: Object.fromEntries(properties),
    required: required.filter(
      (name) => typeof name !== 'string' || !Object.hasOwn(fields, name) || asked.includes(name),
    ),
    ...(pages.length > 0 && { pages: pages.filter((page) => page.length > 0) }),
  }
}
