import * as Radix from '@radix-ui/react-dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { cx } from './cx'
import { strings } from './strings'

type DialogProps = {
  open: boolean
  onClose: () => void
  title: string
  description?: string
  children: ReactNode
  wide?: boolean | 'full'
  closable?: boolean
}

/**
 * A dialog over a dialog: the one below keeps the focus from a field that asks for it, so it is given here, and not to
 * the cross.
 */
function focusField(event: Event): void {
  const field = (event.currentTarget as HTMLElement).querySelector<HTMLElement>('input, select, textarea')
  if (!field) return
  event.preventDefault()
  field.focus()
}

/** A modal dialog with a title; Escape and the veil close it. */
export function Dialog({ open, onClose, title, description, children, wide, closable = true }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-50 bg-black/40" />
        <Radix.Content
          onOpenAutoFocus={focusField}
          className={cx(
            'fixed left-1/2 z-50 flex w-[calc(100vw-2rem)] -translate-x-1/2 flex-col rounded-xl border border-line',
            'bg-raised shadow-[var(--shadow)]',
            wide === 'full'
              ? 'top-[5vh] max-h-[90vh] max-w-7xl'
              : wide
                ? 'top-[12vh] max-h-[76vh] max-w-3xl'
                : 'top-[12vh] max-h-[76vh] max-w-lg',
          )}
        >
          <div className="flex items-start gap-3 px-5 pt-4 pb-2">
            <div className="min-w-0 flex-1">
              <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
              <Radix.Description className={description ? 'mt-0.5 text-sm text-muted' : 'sr-only'}>
                {description ?? title}
              </Radix.Description>
            </div>
            {closable && (
              <Radix.Close
                aria-label={strings.close}
                className="rounded-md p-1 text-faint hover:bg-hover hover:text-text"
              >
                <X size={16} />
              </Radix.Close>
            )}
          </div>
          <div className="min-h-0 overflow-y-auto px-5 pt-1 pb-5">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
