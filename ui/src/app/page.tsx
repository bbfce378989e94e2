import { useEffect, type ReactNode } from 'react'
import { cx } from '@/ui/cx'
import { strings } from './strings'

/** What the browser's tab says: the page, and before it how much waits for whoever is here. */
const tab = { title: '', waiting: '' }

function say(): void {
  const page = tab.title ? `${tab.title} · ${strings.product}` : strings.product
  document.title = tab.waiting ? `(${tab.waiting}) ${page}` : page
}

/** Sets the tab's title. */
export function useTitle(title: string): void {
  useEffect(() => {
    tab.title = title
    say()
  }, [title])
}

/** Counts in the tab's title what waits, while the page around it is there. */
export function useWaitingInTitle(waiting: string): void {
  useEffect(() => {
    tab.waiting = waiting
    say()
    return () => {
      tab.waiting = ''
      say()
    }
  }, [waiting])
}

/** A page's head line: title, what belongs beside it, actions on the right. */
export function PageHead({
  title,
  children,
  actions,
  below,
}: {
  title: ReactNode
  children?: ReactNode
  actions?: ReactNode
  below?: ReactNode
}) {
  return (
    <header className="sticky top-0 z-20 border-b border-line bg-bg">
      <div className="flex min-h-12 flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
        <h1 className="min-w-0 truncate text-base font-semibold">{title}</h1>
        {children}
        {actions && <div className="ml-auto flex min-w-0 flex-wrap items-center justify-end gap-2">{actions}</div>}
      </div>
      {below && <div className="px-4 pb-2">{below}</div>}
    </header>
  )
}

/** A part of a simple page: what it is about beside what it holds. */
export function PageSection({ title, help, children }: { title: string; help?: string; children: ReactNode }) {
  return (
    <section className="grid gap-3 border-b border-line pb-8 md:grid-cols-[14rem_1fr]">
      <div>
        <h2 className="font-semibold">{title}</h2>
        {help && <p className="mt-1 text-sm text-muted">{help}</p>}
      </div>
      <div className="flex max-w-lg min-w-0 flex-col gap-3">{children}</div>
    </section>
  )
}

/** The body of a simple page, one readable column. */
export function PageBody({ children, className }: { children: ReactNode; className?: string }) {
  return <div className={cx('mx-auto w-full max-w-4xl px-4 py-6', className)}>{children}</div>
}
