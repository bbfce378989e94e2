import { useQueries, type UseQueryResult } from '@tanstack/react-query'
import { queries } from './queries'
import type { ActionSpec } from './types'

/** Stays the same function, so that the map stays the same while nothing of it changes. */
const byName = (found: readonly UseQueryResult<ActionSpec>[]): ReadonlyMap<string, ActionSpec> =>
  new Map(found.flatMap(({ data }) => (data ? [[data.name, data] as const] : [])))

/** The actions of these names as far as they are known, by name. */
export function useActions(names: readonly string[]): ReadonlyMap<string, ActionSpec> {
  const wanted = [...new Set(names)]
  return useQueries({ queries: wanted.map((name) => queries.action(name)), combine: byName })
}
