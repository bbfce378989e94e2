import type { DiffLine } from './diff'
import { isObject } from './json'

const CONTEXT_LINES = 3
/** Cells of the table of common lines, 2 bytes each; past it, what lies between equal ends is shown as replaced. */
const CELLS_MAX = 16_000_000

/** A copy of `value` with its keys in the order `like` has them, so that only real differences show in text. */
export function inOrderOf<T>(value: T, like: unknown): T {
  if (Array.isArray(value)) return value.map((item: unknown, index) => inOrderOf(item, Array.isArray(like) ? like[index] : undefined)) as T
  if (!isObject(value) || !isObject(like)) return value
  const known = Object.keys(like).filter((key) => Object.hasOwn(value, key))
  const fresh = Object.keys(value).filter((key) => !Object.hasOwn(like, key))
  return Object.fromEntries([...known, ...fresh].map((key) => [key, inOrderOf(value[key], like[key])])) as T
}

/** Which lines stay, by the longest common subsequence: pairs of indices, in order. */
function common(before: readonly string[], after: readonly string[]): [number, number][] {
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1
  let tail = 0
  while (tail < before.length - head && tail < after.length - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1
  const rows = before.length - head - tail
  const columns = after.length - head - tail
  const pairs: [number, number][] = Array.from({ length: head }, (_, index) => [index, index])
  const width = columns + 1
  if ((rows + 1) * width <= CELLS_MAX) {
    const longest = new Uint16Array((rows + 1) * width)
    const at = (row: number, column: number) => longest[row * width + column] ?? 0
    const equal = (row: number, column: number) => before[head + row] === after[head + column]
    for (let row = rows - 1; row >= 0; row -= 1)
      for (let column = columns - 1; column >= 0; column -= 1) longest[row * width + column] = equal(row, column) ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1))
    for (let row = 0, column = 0; row < rows && column < columns; ) {
      if (equal(row, column)) pairs.push([head + row++, head + column++])
      else if (at(row + 1, column) >= at(row, column + 1)) row += 1
      else column += 1
    }
  }
  for (let index = tail; index > 0; index -= 1) pairs.push([before.length - index, after.length - index])
  return pairs
}

/** What differs between two texts, line by line, with a few equal lines around each place; nothing when they are equal. */
export function diffLines(before: string, after: string): DiffLine[] {
  const from = before.trimEnd().split('\n')
  const to = after.trimEnd().split('\n')
  const all: DiffLine[] = []
  let [row, column] = [0, 0]
  for (const [left, right] of [...common(from, to), [from.length, to.length] as const]) {
    while (row < left) all.push({ kind: 'removed', text: from[row] ?? '', from: ++row })
    while (column < right) all.push({ kind: 'added', text: to[column] ?? '', to: ++column })
    if (left < from.length) all.push({ kind: 'same', text: from[left] ?? '', from: ++row, to: ++column })
  }
  const near = new Set<number>()
  all.forEach((line, index) => {
    if (line.kind !== 'same') for (let by = -CONTEXT_LINES; by <= CONTEXT_LINES; by += 1) near.add(index + by)
  })
  return all.flatMap((line, index): DiffLine[] => {
    if (!near.has(index)) return []
    return index > 0 && !near.has(index - 1) ? [{ kind: 'hunk', text: '⋯' }, line] : [line]
  })
}
