const CONTROLS = 'input:not([type=hidden]), textarea, select, [contenteditable=true]'
const BUTTONS = 'button:not(:disabled)'
const WAIT_MS = 3000

function inside(field: HTMLElement): HTMLElement | null {
  if (field.matches(CONTROLS)) return field
  // An editor that is still loading will be the control: its buttons are not meant.
  return (
    field.querySelector<HTMLElement>(CONTROLS) ??
    (field.querySelector('[data-loading]') ? null : field.querySelector<HTMLElement>(BUTTONS))
  )
}

/** The control of a field; a place that has none leads to the nearest one within it, else around it. */
function controlOf(panel: HTMLElement, focus: string): HTMLElement | null {
  for (let place = focus; place !== ''; place = place.slice(0, Math.max(0, place.lastIndexOf('.')))) {
    const name = CSS.escape(place)
    const field =
      panel.querySelector<HTMLElement>(`[data-field="${name}"]`) ??
      panel.querySelector<HTMLElement>(`[data-field^="${name}."]`)
    if (field) return inside(field)
  }
  return panel.querySelector<HTMLElement>(CONTROLS)
}

/** Calls back with the control as soon as the panel has it: the expression editor may still be loading. */
export function whenThere(
  panel: HTMLElement | null,
  focus: string,
  found: (control: HTMLElement) => void,
): (() => void) | undefined {
  if (!panel) return undefined
  const now = controlOf(panel, focus)
  if (now) {
    found(now)
    return undefined
  }
  const stop = () => {
    watcher.disconnect()
    clearTimeout(timer)
  }
  const watcher = new MutationObserver(() => {
    const control = controlOf(panel, focus)
    if (!control) return
    stop()
    found(control)
  })
  watcher.observe(panel, { childList: true, subtree: true })
  const timer = setTimeout(stop, WAIT_MS)
  return stop
}
