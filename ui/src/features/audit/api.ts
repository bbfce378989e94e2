import { infiniteQueryOptions } from '@tanstack/react-query'
import { api, send } from '@/api/client'
import { LIVE } from '@/api/queries'

/** What only this room reads: key and call. Keys start with the kind the server's events name. */
export const reads = {
  audit: () =>
    infiniteQueryOptions({
      queryKey: ['audit'],
      queryFn: ({ pageParam }) =>
        send(api.GET('/api/v1/audit', { params: { query: { cursor: pageParam, limit: 100 } } })),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page) => page.next ?? undefined,
      ...LIVE,
    }),
}

/** Whether the chain of entries is whole, counted anew. */
export const verifyChain = () => send(api.GET('/api/v1/audit/verify'))
