import { createContext, useContext } from 'react'
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
