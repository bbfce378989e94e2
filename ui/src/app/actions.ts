import { useEffect, useRef } from 'react'
import { pressName, SequenceMatcher } from '@/model/shortcuts'
import { createStore } from '@/ui/store'
import { IS_MAC } from '@/ui/platform'

/**
 * Something a person can do here. Registered once, it serves the button or menu, the key and the palette.
 * `shortcut` uses the notation of `model/shortcuts`; `whileTyping` lets it work inside text boxes too.
 */
export type Action = {
  id: string
  label: string
  /** What it would do just now. */
  hint?: string
  group: string
  shortcut?: string
  enabled?: boolean
  whileTyping?: boolean
  /** Kept out of the palette: movement keys and the like. */
  quiet?: boolean
  run: () => void
}

type Scope = { order: number; actions: () => readonly Action[] }

const scopes = new Set<Scope>()
let nextOrder = 0
/** Counts changes of what is registered, so that open lists refresh. */
export const registryVersion = createStore(0)

/** All actions, the innermost scope first; an inner action hides an outer one with the same id. */
export function allActions(): Action[] {
  const found = new Map<string, Action>()
  for (const scope of [...scopes].sort((a, b) => b.order - a.order)) {
    for (const action of scope.actions()) if (!found.has(action.id)) found.set(action.id, action)
  }
  return [...found.values()]
}

export function isEnabled(action: Action): boolean {
  return action.enabled !== false
}

/** Offers these actions while the component is on the page. */
export function useActions(actions: readonly Action[]): void {
  const latest = useRef(actions)
  useEffect(() => {
    latest.current = actions
  })
  useEffect(() => {
    const scope: Scope = { order: nextOrder++, actions: () => latest.current }
    scopes.add(scope)
    registryVersion.set((version) => version + 1)
    return () => {
      scopes.delete(scope)
      registryVersion.set((version) => version + 1)
    }
  }, [])
}

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !/^(checkbox|radio|button)$/.test(target.getAttribute('type') ?? '')
  )
}

/** Enter and Space press what is focused. */
function pressed(target: EventTarget | null, key: string): boolean {
  return (
    (key === 'Enter' || key === ' ') &&
    target instanceof HTMLElement &&
    target.closest('button, a[href], summary, [role="button"], [role="tab"]') !== null
  )
}

/** Listens for the keys of every registered action. */
export function listenForShortcuts(): () => void {
  const matcher = new SequenceMatcher()
  const onKey = (event: KeyboardEvent) => {
    if (
      event.defaultPrevented ||
      event.isComposing ||
      pressed(event.target, event.key) ||
      (event.repeat && event.key.length > 1 && !event.key.startsWith('Arrow'))
    )
      return
    const modal = document.querySelector('[role="dialog"][data-state="open"], [role="menu"][data-state="open"]')
    const usable = allActions().filter(
      (action) =>
        action.shortcut &&
        isEnabled(action) &&
        (!typing(event.target) || action.whileTyping) &&
        (!modal || action.whileTyping),
    )
    const name = pressName(
      { key: event.key, meta: event.metaKey, ctrl: event.ctrlKey, shift: event.shiftKey, alt: event.altKey },
      IS_MAC,
    )
    const shortcut = matcher.match(
      name,
      event.timeStamp,
      usable.map((action) => action.shortcut as string),
    )
    const action = shortcut === null ? undefined : usable.find((candidate) => candidate.shortcut === shortcut)
    if (!action) return
    event.preventDefault()
    action.run()
  }
  window.addEventListener('keydown', onKey)
  return () => window.removeEventListener('keydown', onKey)
}
