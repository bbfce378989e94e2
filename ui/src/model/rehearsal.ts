import { isObject } from './json'

/** What a script needs to be here; the server knows the rest. */
type Played<Act> = { opening?: object; acts?: Act[] }

/** The script without its last act; without an opening when there was none left. */
export function undone<Act, S extends Played<Act>>(script: S | null): S | null {
  if (!script) return null
  const acts = script.acts ?? []
  return acts.length > 0 ? { ...script, acts: acts.slice(0, -1) } : null
}

/** The script with one more act. */
export function extended<Act, S extends Played<Act>>(script: S, act: Act): S {
  return { ...script, acts: [...(script.acts ?? []), act] }
}

/** JSON typed by a person; an error when it is none. */
export function parseJson(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) as unknown }
  } catch {
    return { ok: false }
  }
}

/** A JSON object typed by a person; empty text is an empty object. */
export function parseObject(text: string): { ok: true; value: Record<string, unknown> } | { ok: false } {
  const parsed = text.trim() === '' ? { ok: true as const, value: {} } : parseJson(text)
  return parsed.ok && isObject(parsed.value) ? { ok: true, value: parsed.value } : { ok: false }
}

/** Without what is empty: a field that was not filled in is not sent. */
export function filled(fields: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields)
      .map(([name, value]) => [name, value.trim()] as const)
      .filter(([, value]) => value !== ''),
  )
}
