import type { ReactNode } from 'react'
import { ApiProblem } from '@/api/client'
import { Note } from '@/ui/states'

/** Why it was not taken: what is wrong in general, what was found in this document, and what can be done. */
export function Refusal({ error, children }: { error: Error; children?: ReactNode }) {
  const title = error instanceof ApiProblem ? error.problem.title : undefined
  return (
    <Note tone="bad">
      {title && title !== error.message && <strong className="block font-medium">{title}</strong>}
      <span className="break-words whitespace-pre-wrap">{error.message}</span>
      {children && <span className="mt-2 block">{children}</span>}
    </Note>
  )
}
