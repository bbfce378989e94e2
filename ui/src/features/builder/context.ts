import { createContext, useContext, useMemo } from 'react'
import type { Diagnostic } from '@/api/types'
import type { WorkflowDocument } from '@/model/document'
import { useStore } from '@/ui/store'
import type { Builder, View } from './stores'

export const BuilderContext = createContext<Builder | null>(null)

export function useBuilder(): Builder {
  const builder = useContext(BuilderContext)
  if (!builder) throw new Error('useBuilder outside of the builder')
  return builder
}

export function useDocument(): WorkflowDocument {
  return useStore(useBuilder().history, (history) => history.document)
}

export function useView<T>(select: (view: View) => T): T {
  return useStore(useBuilder().view, select)
}

/** What a text that is being typed has wrong until it is written. */
const HALF_TYPED: ReadonlySet<string> = new Set(['expression_parse', 'trigger_when'])

/** What was found, without what is wrong only because somebody is in the middle of typing it. */
export function useFound(): readonly Diagnostic[] {
  const list = useStore(useBuilder().diagnostics, (state) => state.list)
  const typing = useView((view) => view.typing)
  return useMemo(() => (typing ? list.filter((problem) => !HALF_TYPED.has(problem.code)) : list), [list, typing])
}
