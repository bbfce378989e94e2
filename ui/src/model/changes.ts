import { isObject, jsonEqual, type Json } from './json'

/** One place that was changed: its path, and what it was and is; undefined where there was nothing. */
export type Changed = { path: string; before: Json | undefined; after: Json | undefined }

/** What differs between two values, place by place; lists and plain values are told whole. */
export function changesBetween(before: Json | undefined, after: Json | undefined, path = ''): Changed[] {
  if (jsonEqual(before, after)) return []
  const absent = before === null || before === undefined
  const gone = after === null || after === undefined
  if ((isObject(before) || absent) && (isObject(after) || gone) && (isObject(before) || isObject(after))) {
    const [was, is] = [isObject(before) ? before : {}, isObject(after) ? after : {}]
    const names = [...new Set([...Object.keys(was), ...Object.keys(is)])]
    return names.flatMap((name) => changesBetween(was[name], is[name], path ? `${path}.${name}` : name))
  }
  return [{ path, before, after }]
}
