import { useRef, type KeyboardEvent, type ReactNode } from 'react'
import { cx } from './cx'

type Tab<T extends string> = { id: T; label: string; count?: number | string | null; icon?: ReactNode }

/** A row of tabs; arrows move between them. The caller renders the panel with `tabPanel(id)`. */
export function Tabs<T extends string>({
  tabs,
  value,
  onChange,
  label,
  className,
}: {
  tabs: Tab<T>[]
  value: T
  onChange: (id: T) => void
  label: string
  className?: string
}) {
  const row = useRef<HTMLDivElement>(null)
  const move = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const at = tabs.findIndex((tab) => tab.id === value)
    const next = tabs[(at + step + tabs.length) % tabs.length]
    if (!next) return
    onChange(next.id)
    row.current?.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus()
  }
  return (
    <div ref={row} role="tablist" aria-label={label} onKeyDown={move} className={cx('flex flex-wrap gap-1', className)}>
      {tabs.map((tab) => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          data-tab={tab.id}
          aria-selected={tab.id === value}
          tabIndex={tab.id === value ? 0 : -1}
          onClick={() => onChange(tab.id)}
          className={cx(
            'inline-flex h-7 shrink-0 items-center gap-1.5 whitespace-nowrap rounded-md px-2.5 text-sm font-medium',
            tab.id === value ? 'bg-hover text-text' : 'text-muted hover:bg-hover',
          )}
        >
          {tab.icon}
          {tab.label}
          {Boolean(tab.count) && <span className="rounded bg-line px-1.5 text-xs tabular-nums">{tab.count}</span>}
        </button>
      ))}
    </div>
  )
}
