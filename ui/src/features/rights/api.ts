import { queryOptions } from '@tanstack/react-query'
import { api, send } from '@/api/client'

/** What only this room reads. It changes with the server's version only. */
export const reads = {
  rights: () =>
    queryOptions({ queryKey: ['rights'], queryFn: () => send(api.GET('/api/v1/rights')), staleTime: Infinity }),
}
