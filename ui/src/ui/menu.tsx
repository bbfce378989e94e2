import * as Radix from '@radix-ui/react-dropdown-menu'
import type { ReactNode } from 'react'
import { cx } from './cx'
import { KeyCaps } from './keycaps'

export type MenuItem = {
  id: string
  label: string
  icon?: ReactNode
  shortcut?: string
  disabled?: boolean
  danger?: boolean
  run: () => void
}

/** A menu of commands behind a trigger. */
export function Menu({
  trigger,
  items,
  align = 'end',
}: {
  trigger: ReactNode
  items: MenuItem[]
  align?: 'start' | 'end'
}) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align={align}
          sideOffset={4}
          className="z-50 min-w-48 rounded-lg border border-line bg-raised p-1 shadow-[var(--shadow)]"
        >
          {items.map((item) => (
            <Radix.Item
              key={item.id}
              disabled={item.disabled}
              onSelect={item.run}
              className={cx(
                'flex h-8 cursor-pointer items-center gap-2 rounded-md px-2 text-sm outline-none',
                'data-disabled:opacity-45 data-highlighted:bg-hover',
                item.danger && 'text-bad',
              )}
            >
              {item.icon}
              <span className="flex-1">{item.label}</span>
              {item.shortcut && <KeyCaps shortcut={item.shortcut} />}
            </Radix.Item>
          ))}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
