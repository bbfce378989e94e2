import { firstGap } from './gaps'

/** Where something is asked for with a slash: what stands before it, and behind the letters after it. */
export type Slash = { before: string; after: string }

/** One that is all there is. */
export const ALONE: Slash = { before: '', after: '' }

/** The letters after the slash; null where there is none, or more than a word. */
export function wantedOf(body: string, { before, after }: Slash): string | null {
  if (!body.startsWith(before) || !body.endsWith(after)) return null
  const between = body.slice(before.length, Math.max(before.length, body.length - after.length))
  return /^\/(\S*)$/.exec(between)?.[1]?.toLowerCase() ?? null
}

/** The text with a slash put in at a place of it. */
export function slashAt(body: string, at: number): { body: string; slash: Slash } {
  if (body.trim() === '') return { body: '/', slash: ALONE }
  const slash = { before: body.slice(0, at), after: body.slice(at) }
  return { body: `${slash.before}/${slash.after}`, slash }
}

/** The text with what was picked in the slash's place, and what of it is typed over next: its first gap. */
export function pickedIn({ before, after }: Slash, text: string): { body: string; selected: [number, number] } {
  const begin = before + (/\S$/.test(before) ? ' ' : '')
  const rest = (/^\S/.test(after) ? ' ' : '') + after
  const [from, to] = firstGap(text) ?? [text.length, text.length]
  return { body: begin + text + rest, selected: [begin.length + from, begin.length + to] }
}
