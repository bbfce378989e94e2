/**
 * What is kept of a form that is filled in and not sent. The server keeps what the form names without secrets and
 * files; the files are kept apart from it, where they stand. Secrets are kept nowhere.
 */
import { isFile } from './file-value'
import { getAt, isObject, jsonEqual, pointerParts, type JsonObject } from './json'

type Data = Record<string, unknown>

const BRANCHES = ['allOf', 'anyOf', 'oneOf'] as const
const CONDITIONS = ['if', 'then', 'else'] as const

/** Where a reference leads inside the form. */
function referred(root: unknown, place: unknown): unknown {
  if (typeof place !== 'string' || !/^#(\/|$)/.test(place)) return undefined
  return getAt(root, pointerParts(place.slice(1)))
}

/** All that is said of a field: by itself, behind its references one by one, and by what it is made of. */
function sayings(root: unknown, field: unknown): { said: JsonObject[]; lost: boolean } {
  const said = new Set<JsonObject>()
  let lost = false
  const look = (one: unknown): void => {
    if (!isObject(one) || said.has(one)) return
    said.add(one)
    if ('$ref' in one) {
      const found = referred(root, one.$ref)
      lost ||= !isObject(found)
      look(found)
    }
    for (const name of BRANCHES) if (Array.isArray(one[name])) one[name].forEach(look)
    for (const name of CONDITIONS) look(one[name])
    if (isObject(one.dependentSchemas)) Object.values(one.dependentSchemas).forEach(look)
  }
  look(field)
  return { said: [...said], lost }
}

/** The names of all fields a form may show. */
export function fieldNames(form: unknown): Set<string> {
  const { said } = sayings(form, form)
  return new Set(said.flatMap((one) => (isObject(one.properties) ? Object.keys(one.properties) : [])))
}

const isSecret = (one: JsonObject) => one.secret === true || one.writeOnly === true || one.format === 'password'

/** Whether a value is one that is offered, whatever is in it. */
const offers = (one: JsonObject, value: unknown) =>
  ('const' in one && jsonEqual(one.const, value)) ||
  (Array.isArray(one.enum) && one.enum.some((choice) => jsonEqual(choice, value)))

/** What is said of the items of a list at a place in it. */
const itemAt = (said: JsonObject[], index: number) =>
  said.flatMap(({ items, prefixItems }) => [
    ...(Array.isArray(prefixItems) && index < prefixItems.length ? [prefixItems[index]] : []),
    ...(Array.isArray(items) ? items.slice(index, index + 1) : items === undefined ? [] : [items]),
  ])

/** What is kept of a value, or of its files alone; nothing of it is `undefined`. */
function kept(root: unknown, field: unknown, value: unknown, files: boolean): unknown {
  const { said, lost } = sayings(root, field)
  if (lost || said.some(isSecret)) return undefined
  if (typeof value === 'string' && (isFile(value) || said.some((one) => one.format === 'data-url')))
    return files ? value : undefined
  if (said.some((one) => offers(one, value))) return files ? undefined : value
  if (Array.isArray(value)) {
    const each = value.flatMap((item: unknown, index): unknown[] => {
      const of = { allOf: itemAt(said, index) }
      const draft = kept(root, of, item, false)
      const file = files ? kept(root, of, item, true) : undefined
      const one = file ?? (files && draft !== undefined ? null : draft)
      return one === undefined ? [] : [one]
    })
    return files && each.every((item) => item === null) ? undefined : each
  }
  if (isObject(value)) {
    const entries = Object.entries(value).flatMap(([name, member]) => {
      const of = said.flatMap(({ properties }) =>
        isObject(properties) && Object.hasOwn(properties, name) ? [properties[name] ?? {}] : [],
      )
      const one = of.length === 0 ? undefined : kept(root, { allOf: of }, member, files)
      return one === undefined ? [] : [[name, one] as const]
    })
    return files && entries.length === 0 ? undefined : Object.fromEntries(entries)
  }
  return files ? undefined : value
}

/** What the server is told of what is filled in. */
export function draftOf(form: unknown, values: Data): Data {
  return (kept(form, form, values, false) ?? {}) as Data
}

/** The files in what is filled in, each where it stands; in a list `null` stands for an item without one. */
export function filesOf(form: unknown, values: Data): Data {
  return (kept(form, form, values, true) ?? {}) as Data
}

/** A draft with the files that were kept apart from it. */
export function withFiles(draft: Data, files: Data): Data {
  return together(draft, files) as Data
}

function together(value: unknown, files: unknown): unknown {
  if (Array.isArray(files)) {
    const items: unknown[] = Array.isArray(value) ? [...(value as unknown[])] : []
    // A file by itself is no item of the draft, everything else is.
    const each = files.map((file: unknown) => (typeof file === 'string' ? file : together(items.shift(), file)))
    return [...each.filter((item) => item !== undefined), ...items]
  }
  if (isObject(files)) {
    const members = isObject(value) ? value : {}
    const each = Object.entries(files).map(([name, file]) => [name, together(members[name], file)] as const)
    return { ...members, ...Object.fromEntries(each) }
  }
  return files ?? value
}
