import type { ReactNode } from 'react'
import { Button } from './button'
import { cx } from './cx'

/** Grey lines in the shape of what is coming. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cx('skeleton h-4', className)} />
}

/** Rows of skeleton for a list that loads. */
export function SkeletonRows({ rows = 6, label }: { rows?: number; label: string }) {
  return (
    <div role="status" aria-label={label} className="flex flex-col">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex items-center gap-4 border-b border-line px-4 py-3">
          <Skeleton className="w-24" />
          <Skeleton className={row % 2 ? 'w-64' : 'w-80'} />
          <Skeleton className="ml-auto w-16" />
        </div>
      ))}
    </div>
  )
}

type EmptyProps = {
  icon?: ReactNode
  title: string
  heading?: 'h1' | 'h2'
  children?: ReactNode
  action?: ReactNode
  className?: string
}

/** Nothing here, and what to do about it. */
export function Empty({ icon, title, heading: Heading = 'h2', children, action, className }: EmptyProps) {
  return (
    <div className={cx('mx-auto flex max-w-md flex-col items-center gap-2 px-6 py-16 text-center', className)}>
      {icon && (
        <div className="mb-2 flex size-10 items-center justify-center rounded-xl bg-sunken text-faint">{icon}</div>
      )}
      <Heading className="text-base font-semibold">{title}</Heading>
      {children && <div className="text-sm text-muted">{children}</div>}
      {action && <div className="mt-3">{action}</div>}
    </div>
  )
}

/** What went wrong and a way to try again. */
export function Failure({
  title,
  detail,
  retry,
  retryLabel,
}: {
  title: string
  detail: string
  retry?: () => void
  retryLabel: string
}) {
  return (
    <div role="alert" className="m-4 flex flex-col items-start gap-2 rounded-lg border border-line bg-bad-soft p-4">
      <p className="font-medium text-bad">{title}</p>
      <p className="text-sm text-muted">{detail}</p>
      {retry && (
        <Button small onClick={retry}>
          {retryLabel}
        </Button>
      )}
    </div>
  )
}

/** A line of good or bad news inside a form. */
export function Note({ tone, children }: { tone: 'ok' | 'bad' | 'warn' | 'muted'; children: ReactNode }) {
  const tones = {
    ok: 'bg-ok-soft text-ok',
    bad: 'bg-bad-soft text-bad',
    warn: 'bg-warn-soft text-warn',
    muted: 'bg-sunken text-muted',
  }
  return (
    <div role={tone === 'bad' ? 'alert' : 'status'} className={cx('rounded-md px-3 py-2 text-sm', tones[tone])}>
      {children}
    </div>
  )
}
