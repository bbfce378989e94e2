import { keyCaps } from '@/model/shortcuts'
import { cx } from './cx'
import { IS_MAC } from './platform'

/** The keys of a shortcut. Hidden from screen readers: `aria-keyshortcuts` says it there. */
export function KeyCaps({ shortcut, onColour = false }: { shortcut: string; onColour?: boolean }) {
  return (
    <span aria-hidden className="ml-1 hidden gap-0.5 sm:inline-flex">
      {keyCaps(shortcut, IS_MAC).map((cap, index) => (
        <kbd
          key={index}
          className={cx(
            'inline-flex h-4 min-w-4 items-center justify-center rounded px-1 text-[11px] leading-none font-medium',
            onColour ? 'bg-accent-text/20' : 'border border-line bg-sunken text-muted',
          )}
        >
          {cap}
        </kbd>
      ))}
    </span>
  )
}
