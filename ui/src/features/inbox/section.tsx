import type { ReactNode } from 'react'

/** A part of the card under its small heading. */
export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="flex flex-col gap-2">
      <h2 className="text-xs font-semibold tracking-wide text-faint uppercase">{title}</h2>
      {children}
    </section>
  )
}
