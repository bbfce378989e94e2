import type { QueryClient } from '@tanstack/react-query'

/**
 * Reads again what a change made old. A first read that is still under way may have seen the time before the change,
 * and
 * an invalidation alone would take its answer for fresh: such a read is followed by another one.
 */
export function refresh(client: QueryClient, queryKey: readonly unknown[]): Promise<void> {
  const first = client
    .getQueryCache()
    .findAll({ queryKey, fetchStatus: 'fetching', predicate: (query) => query.state.data === undefined })
  const again = first.map((query) => {
    const followed = () => client.invalidateQueries({ queryKey: query.queryKey, exact: true })
    return query.promise?.then(followed, followed)
  })
  return Promise.all([client.invalidateQueries({ queryKey }), ...again]).then(() => undefined)
}
