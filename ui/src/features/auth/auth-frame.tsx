import type { ReactNode } from 'react'
import { strings } from './strings'

/** The quiet page around the login and setup forms. */
export function AuthFrame({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center bg-sunken px-4 py-10">
      <div className="mb-6 flex flex-col items-center gap-2 text-center">
        <img src="/favicon.svg" alt="" className="size-10" />
        <p className="text-sm text-muted">{strings.login.tagline}</p>
      </div>
      <div className="w-full max-w-sm rounded-xl border border-line bg-raised p-6 shadow-[var(--shadow)]">
        <h1 className="mb-4 text-lg font-semibold">{title}</h1>
        {children}
      </div>
    </main>
  )
}
