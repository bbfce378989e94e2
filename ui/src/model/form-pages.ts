/** A long form in parts: its schema names the fields of each page in `pages`. */
import { isObject } from './json'

type Data = Record<string, unknown>

/** The fields of each page; none of a form that is shown as one, also where its pages leave a field out. */
export function formPages(schema: unknown): string[][] {
  if (!isObject(schema) || !Array.isArray(schema.pages) || schema.pages.length < 2) return []
  const fields = Object.keys(isObject(schema.properties) ? schema.properties : {})
  const pages = schema.pages.map((page) => (Array.isArray(page) ? page.filter((name) => typeof name === 'string') : []))
  const named = pages.flat()
  const each = named.length === fields.length && fields.every((name) => named.includes(name))
  return each && pages.every((page) => page.length > 0) ? pages : []
}

/** Where a form keeps what its fields refer to. */
const SHARED = ['$defs', 'definitions']

/** The form of one page: its fields in its order, with what is required of them. */
export function formPage(schema: unknown, page: readonly string[]): Data {
  const whole: Data = isObject(schema) ? schema : {}
  const properties: Data = isObject(whole.properties) ? whole.properties : {}
  const required: unknown[] = Array.isArray(whole.required) ? whole.required : []
  return {
    type: 'object',
    properties: Object.fromEntries(page.map((name) => [name, properties[name]])),
    required: required.filter((name) => page.some((one) => one === name)),
    ...Object.fromEntries(SHARED.filter((name) => name in whole).map((name) => [name, whole[name]])),
  }
}

/** The values that are on a page, and those that are not. */
export function parted(values: Data, page: readonly string[]): [Data, Data] {
  const entries = Object.entries(values)
  return [
    Object.fromEntries(entries.filter(([name]) => page.includes(name))),
    Object.fromEntries(entries.filter(([name]) => !page.includes(name))),
  ]
}
