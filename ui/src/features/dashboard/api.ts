import { queryOptions } from '@tanstack/react-query'
import { api, send } from '@/api/client'

/** What only this room reads: key and call. Keys start with the kind the server's events name. */
export const reads = {
  dashboard: (filters: { workflow?: string; after?: number; before?: number }) =>
    queryOptions({
      queryKey: ['dashboard', filters],
      queryFn: () => send(api.GET('/api/v1/dashboard', { params: { query: filters } })),
      placeholderData: (old) => old,
      staleTime: 30_000,
    }),
}
