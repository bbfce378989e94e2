import { structuredPatch } from 'diff'
import type { DiffLine } from './diff'
import { isObject } from './json'

const CONTEXT_LINES = 3

/** A copy of `value` with its keys in the order `like` has them, so that only real differences show in text. */
export function inOrderOf<T>(value: T, like: unknown): T {
  if (Array.isArray(value))
    return value.map((item: unknown, index) => inOrderOf(item, Array.isArray(like) ? like[index] : undefined)) as T
  if (!isObject(value) || !isObject(like)) return value
  const known = Object.keys(like).filter((key) => Object.hasOwn(value, key))
  const fresh = Object.keys(value).filter((key) => !Object.hasOwn(like, key))
  return Object.fromEntries([...known, ...fresh].map((key) => [key, inOrderOf(value[key], like[key])])) as T
}

/**
 * What differs between two texts, line by line, with a few equal lines around each place; nothing when they are equal.
 */
export function diffLines(before: string, after: string): DiffLine[] {
  const { hunks } = structuredPatch('', '', `${before.trimEnd()}\n`, `${after.trimEnd()}\n`, undefined, undefined, {
    context: CONTEXT_LINES,
  })
  return hunks.flatMap(({ oldStart, newStart, lines }): DiffLine[] => {
    let [from, to] = [oldStart, newStart]
    const shown = lines.map((line): DiffLine => {
      const text = line.slice(1)
      if (line.startsWith('-')) return { kind: 'removed', text, from: from++ }
      if (line.startsWith('+')) return { kind: 'added', text, to: to++ }
      return { kind: 'same', text, from: from++, to: to++ }
    })
    return oldStart > 1 ? [{ kind: 'hunk', text: '⋯' }, ...shown] : shown
  })
}
