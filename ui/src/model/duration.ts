import { strings } from './strings'

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['ms', 1],
  ['m', 60_000],
  ['s', 1000],
] as const

const s = strings.duration
type Unit = keyof typeof s.units
const LARGEST_FIRST = ['d', 'h', 'm', 's', 'ms'] as const
const SIZE = new Map<string, number>(UNITS)

/** Milliseconds of a document's duration such as `1h30m`; `null` when it is not one. */
export function parseDuration(text: string): number | null {
  let rest = text.trim()
  let total = 0
  if (rest === '') return null
  while (rest !== '') {
    const match = /^([0-9]+)(ms|d|h|m|s)/.exec(rest)
    if (!match) return null
    total += Number(match[1]) * (SIZE.get(match[2] ?? '') ?? 0)
    rest = rest.slice(match[0].length)
  }
  return total <= 10 * 365 * 86_400_000 ? total : null
}

function parts(ms: number): [amount: number, unit: Unit][] {
  let left = Math.max(0, Math.round(ms))
  const found: [number, Unit][] = []
  for (const unit of LARGEST_FIRST) {
    const size = SIZE.get(unit) ?? 1
    const amount = Math.floor(left / size)
    if (amount > 0) found.push([amount, unit])
    left %= size
  }
  return found
}

/** The shortest text that parses to the same duration. */
export function formatDuration(ms: number): string {
  return (
    parts(ms)
      .map(([amount, unit]) => `${amount}${unit}`)
      .join('') || '0s'
  )
}

/** For people: `4 hours`, `1 hour 30 minutes`. */
export function spellDuration(text: string): string {
  const ms = parseDuration(text)
  if (ms === null) return text
  return (
    parts(ms)
      .map(([amount, unit]) => s.units[unit](amount))
      .join(' ') || s.units.s(0)
  )
}

/** A measured time, two units at most: `840 ms`, `1.2 s`, `3m 20s`, `2d 4h`. */
export function measured(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`
  return parts(ms - (ms % 1000))
    .slice(0, 2)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ')
}

/** Time left until `due`, for a badge; `null` when it has passed. */
export function timeLeft(due: number, now: number): string | null {
  const left = due - now
  if (left <= 0) return null
  if (left < 60_000) return `${Math.ceil(left / 1000)}s`
  return parts(left - (left % 60_000))
    .slice(0, 2)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ')
}

/** How long ago, in few words. */
export function ago(at: number, now: number): string {
  const past = Math.max(0, now - at)
  if (past < 45_000) return s.now
  if (past < 3_600_000) return s.ago(`${Math.round(past / 60_000)}m`)
  if (past < 86_400_000) return s.ago(`${Math.floor(past / 3_600_000)}h`)
  if (past < 7 * 86_400_000) return s.ago(`${Math.floor(past / 86_400_000)}d`)
  return new Date(at).toLocaleDateString(undefined, { year: 'numeric', month: 'short', day: 'numeric' })
}

/** The tries a retry policy makes, in plain language. */
export function retrySummary(retry: { attempts: number; backoff?: string; initial?: string; max?: string }): string {
  if (retry.attempts <= 1) return strings.retry.once
  const initial = parseDuration(retry.initial ?? '1s') ?? 1000
  const max = parseDuration(retry.max ?? '1m') ?? 60_000
  let pause = initial
  let total = 0
  for (let attempt = 1; attempt < retry.attempts; attempt += 1) {
    total += Math.min(pause, max)
    if (retry.backoff !== 'constant') pause *= 2
  }
  const growth =
    retry.backoff === 'constant'
      ? strings.retry.every(measured(initial))
      : strings.retry.doubling(measured(initial), measured(max))
  return strings.retry.tries(retry.attempts, growth, measured(total))
}

/** Whole seconds until what is held counts, by this clock; where it goes wrong, never more than it is held for. */
export function secondsLeft({ at, until }: { at: number; until: number }, now: number): number {
  return Math.ceil(Math.min(Math.max(until - now, 0), until - at) / 1000)
}
