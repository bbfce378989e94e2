/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** An object of JSON values. */
export type JsonObject = { [key: string]: Json }

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Equality of two JSON values; the order of keys does not matter. */
export function jsonEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => jsonEqual(item, b[index]))
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && jsonEqual(a[key], b[key]))
  )
}

/** Splits an RFC 6901 pointer into its unescaped parts. */
export function pointerParts(pointer: string): string[] {
  if (!pointer.startsWith('/')) return []
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** Joins parts to an RFC 6901 pointer. */
export function toPointer(parts: readonly (string | number)[]): string {
  return parts.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** The value at a path; `undefined` when nothing is there. */
export function getAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((at, part) => {
    if (Array.isArray(at)) return at[Number(part)]
    return isObject(at) && Object.hasOwn(at, String(part)) ? at[String(part)] : undefined
  }, value)
}

/** A copy with `next` at the path; `undefined` removes the key. Missing objects on the way are made. */
export function setAt<T>(value: T, path: readonly (string | number)[], next: unknown): T {
  const [head, ...rest] = path
  if (head === undefined) return next as T
  if (Array.isArray(value)) {
    const copy: unknown[] = [...(value as unknown[])]
    const inner: unknown = rest.length === 0 ? next : setAt(copy[Number(head)], rest, next)
    if (inner === undefined) copy.splice(Number(head), 1)
    else copy[Number(head)] = inner
    return copy as T
  }
  const source: Record<string, unknown> = isObject(value) ? value : {}
  const inner: unknown = rest.length === 0 ? next : setAt(source[String(head)], rest, next)
  if (inner !== undefined) return { ...source, [String(head)]: inner } as T
  const { [String(head)]: _gone, ...left } = source
  return left as T
}

/** One line of text for a value, cut at `max` characters. */
export function brief(value: unknown, max = 80): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return text.length > max ? `${text.slice(0, max - 1)}…` : text
}

/** Whether there is something to show. */
export function present(value: unknown): boolean {
  return value !== undefined && value !== null && !(typeof value === 'object' && Object.keys(value).length === 0)
}
