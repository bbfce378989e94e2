import { strings } from './strings'

/** What of a key press matters. */
type KeyPress = { key: string; meta: boolean; ctrl: boolean; shift: boolean; alt: boolean }

/**
 * The name of a press in the notation shortcuts are written in: `mod+k`, `shift+mod+z`, `?`, `delete`, `j`.
 * `mod` is ⌘ on a Mac and Ctrl elsewhere. Shift is named only together with `mod` or with keys that print nothing.
 */
export function pressName(press: KeyPress, mac: boolean): string {
  const mod = mac ? press.meta : press.ctrl
  const key = press.key === ' ' ? 'space' : press.key.toLowerCase()
  const named = key.length > 1
  return [press.shift && (mod || named) ? 'shift' : '', mod ? 'mod' : '', press.alt ? 'alt' : '', key]
    .filter(Boolean)
    .join('+')
}

/**
 * Follows presses and tells which shortcut they complete; a sequence such as `g r` must be finished within a second.
 */
export class SequenceMatcher {
  private pending = ''
  private since = 0

  match(name: string, at: number, shortcuts: readonly string[]): string | null {
    const fresh = at - this.since < 1000 && this.pending !== '' ? `${this.pending} ${name}` : name
    for (const tried of fresh === name ? [name] : [fresh, name]) {
      if (shortcuts.includes(tried)) {
        this.pending = ''
        return tried
      }
    }
    const opens = shortcuts.some((shortcut) => shortcut.startsWith(`${name} `))
    this.pending = opens ? name : ''
    this.since = at
    return null
  }
}

/** How a shortcut is shown on keys. */
export function keyCaps(shortcut: string, mac: boolean): string[] {
  const caps: Record<string, string> = {
    mod: mac ? '⌘' : strings.keys.ctrl,
    shift: mac ? '⇧' : strings.keys.shift,
    alt: mac ? '⌥' : strings.keys.alt,
    enter: '↵',
    escape: strings.keys.escape,
    delete: strings.keys.delete,
    backspace: '⌫',
    arrowup: '↑',
    arrowdown: '↓',
    arrowleft: '←',
    arrowright: '→',
    space: strings.keys.space,
  }
  return shortcut.split(' ').flatMap((press) => press.split(/\+(?=.)/).map((key) => caps[key] ?? key.toUpperCase()))
}
