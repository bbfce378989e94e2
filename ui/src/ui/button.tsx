import type { ComponentProps, ReactNode } from 'react'
import { cx } from './cx'
import { KeyCaps } from './keycaps'

type Look = 'primary' | 'plain' | 'quiet' | 'danger'

const LOOKS: Record<Look, string> = {
  primary: 'bg-accent text-accent-text hover:brightness-110 border-transparent',
  plain: 'bg-raised text-text border-line-strong hover:bg-hover',
  quiet: 'bg-transparent text-muted border-transparent hover:bg-hover hover:text-text',
  danger: 'bg-raised text-bad border-line-strong hover:bg-bad-soft',
}

type ButtonProps = ComponentProps<'button'> & {
  look?: Look
  icon?: ReactNode
  busy?: boolean
  shortcut?: string
  small?: boolean
}

/** The one button. `busy` keeps its width and says so to screen readers; `shortcut` shows its key. */
export function Button({
  look = 'plain',
  icon,
  busy,
  shortcut,
  small,
  className,
  children,
  disabled,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      aria-keyshortcuts={shortcut}
      className={buttonClass(look, small, className)}
    >
      {icon}
      {children != null && <span className="min-w-0 truncate">{children}</span>}
      {shortcut && <KeyCaps shortcut={shortcut} onColour={look === 'primary'} />}
    </button>
  )
}

export function buttonClass(look: Look = 'plain', small = false, extra?: string): string {
  return cx(
    'inline-flex max-w-full items-center justify-center gap-1.5 [&>svg]:shrink-0 rounded-md border font-medium',
    'whitespace-nowrap transition-colors select-none disabled:opacity-55 disabled:pointer-events-none',
    small ? 'h-7 px-2 text-xs' : 'h-8 px-3 text-sm',
    LOOKS[look],
    extra,
  )
}

/** A square button that shows only an icon; the label is what it is called. */
export function IconButton({ label, children, className, ...rest }: ComponentProps<'button'> & { label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...rest}
      className={cx(
        'inline-flex size-8 shrink-0 items-center justify-center rounded-md text-muted hover:bg-hover',
        'hover:text-text disabled:opacity-40 disabled:pointer-events-none',
        className,
      )}
    >
      {children}
    </button>
  )
}
