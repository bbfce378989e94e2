import type { Trigger } from './document'
import { strings } from './strings'

/** The parts of triggers as the editor changes them, and the header that tells two calls apart; both ways. */

/** What a part that is left out means. */
const LEFT_OUT: Record<string, unknown> = { verify: 'none', respond: 'accepted', missed: 'one', overlap: 'allow' }

/** The trigger with one part written anew. What is empty or means what leaving it out means is left out. */
export function withPart<T extends Trigger>(trigger: T, part: string, value: unknown): T {
  const next: Record<string, unknown> = { ...trigger, [part]: value }
  if (value === undefined || value === '' || LEFT_OUT[part] === value) delete next[part]
  // Nothing waits for an answer that is given at once.
  if (next.respond !== 'end') delete next.respond_within
  // Whoever does not sign so needs no word on how it is written.
  if (next.verify !== 'hmac') delete next.hmac
  return next as T
}

/** Headers by which senders tell their calls apart. */
export const HEADERS = [
  'idempotency-key',
  'x-request-id',
  'x-github-delivery',
  'x-shopify-webhook-id',
  'webhook-id',
  'i-twilio-idempotency-token',
]

const HEADER = /^headers\s*\.\s*(?:"([^"\\]+)"|'([^'\\]+)'|`([^`]+)`|([A-Za-z_][A-Za-z0-9_]*))$/
const NAME = /^[a-z0-9!#$%&*+.^_|~-]+$/

/** The header an expression over a call reads, where it reads nothing else; `null` when it says more. */
export function headerOf(expression: string): string | null {
  const found = HEADER.exec(expression.trim())
  const name = found?.slice(1).find((part) => part !== undefined)
  return name !== undefined && NAME.test(name) ? name : null
}

/** The expression that reads a header; nothing when it cannot be the name of one. Names come in small letters. */
export function readHeader(name: string): string | undefined {
  const small = name.trim().toLowerCase()
  return NAME.test(small) ? `headers."${small}"` : undefined
}

/** Times as people of a time zone say them; seconds only where they matter. */
export function spellTimes(times: readonly number[], zone: string): string[] {
  const options: Intl.DateTimeFormatOptions = {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    ...(times.some((time) => time % 60_000 !== 0) ? { second: '2-digit' } : {}),
  }
  const said = (time: number, timeZone: string) =>
    new Intl.DateTimeFormat(undefined, { ...options, timeZone }).format(new Date(time))
  try {
    return times.map((time) => said(time, zone))
  } catch {
    // The browser knows fewer zones than the server.
    return times.map((time) => strings.utc(said(time, 'UTC')))
  }
}
