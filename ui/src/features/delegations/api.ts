import { queryOptions } from '@tanstack/react-query'
import { api, send, type Body } from '@/api/client'
import { SLOW } from '@/api/queries'

/** What only this room reads: key and call. */
export const reads = {
  delegations: () =>
    queryOptions({ queryKey: ['delegations'], queryFn: () => send(api.GET('/api/v1/delegations')), ...SLOW }),
}

/** What is changed from here. */
export const writes = {
  create: (body: Body<'/api/v1/delegations', 'post'>, key: string) =>
    send(api.POST('/api/v1/delegations', { params: { header: { 'Idempotency-Key': key } }, body })),
  end: (id: string) => send(api.DELETE('/api/v1/delegations/{id}', { params: { path: { id } } })),
}
