import { queryOptions } from '@tanstack/react-query'
import { api, send } from '@/api/client'
import { LIVE } from '@/api/queries'

/** What only this room reads: key and call. Each use is a decision, so it grows old with the checkpoints. */
export const reads = {
  standing: () =>
    queryOptions({
      queryKey: ['checkpoints', 'standing'],
      queryFn: () => send(api.GET('/api/v1/standing-approvals')),
      ...LIVE,
    }),
}

/** What is changed from here. */
export const writes = {
  revoke: (id: string) => send(api.DELETE('/api/v1/standing-approvals/{id}', { params: { path: { id } } })),
}
