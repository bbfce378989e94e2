import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, send, type Body } from '@/api/client'
import { LIVE } from '@/api/queries'
import type { paths } from '@/api/schema'

type CheckpointFilters = NonNullable<paths['/api/v1/checkpoints']['get']['parameters']['query']>

/** What only this room reads: key and call. Keys start with the kind the server's events name. */
export const reads = {
  checkpoints: (filters: CheckpointFilters) =>
    infiniteQueryOptions({
      queryKey: ['checkpoints', 'list', filters],
      queryFn: ({ pageParam }) =>
        send(api.GET('/api/v1/checkpoints', { params: { query: { ...filters, cursor: pageParam, limit: 50 } } })),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page) => page.next ?? undefined,
      ...LIVE,
    }),
  checkpoint: (id: string) =>
    queryOptions({
      queryKey: ['checkpoints', 'detail', id],
      queryFn: () => send(api.GET('/api/v1/checkpoints/{id}', { params: { path: { id } } })),
      ...LIVE,
    }),
  /** The newest runs of a customer. */
  runsOf: (customer: string) =>
    queryOptions({
      queryKey: ['runs', 'of', customer],
      queryFn: () => send(api.GET('/api/v1/runs', { params: { query: { customer, limit: 6 } } })),
      ...LIVE,
    }),
}

/** What is changed from here. */
export const writes = {
  decide: (id: string, body: Body<'/api/v1/checkpoints/{id}/decision', 'post'>) =>
    send(api.POST('/api/v1/checkpoints/{id}/decision', { params: { path: { id } }, body })),
  signIn: (body: Body<'/api/v1/auth/login', 'post'>) => send(api.POST('/api/v1/auth/login', { body })),
  undo: (id: string) => send(api.POST('/api/v1/checkpoints/{id}/undo', { params: { path: { id } } })),
  take: (id: string) => send(api.POST('/api/v1/checkpoints/{id}/take', { params: { path: { id } } })),
  release: (id: string) => send(api.POST('/api/v1/checkpoints/{id}/release', { params: { path: { id } } })),
  reassign: (id: string, body: Body<'/api/v1/checkpoints/{id}/reassign', 'post'>) =>
    send(api.POST('/api/v1/checkpoints/{id}/reassign', { params: { path: { id } }, body })),
  allowAhead: (body: Body<'/api/v1/standing-approvals', 'post'>, key: string) =>
    send(api.POST('/api/v1/standing-approvals', { params: { header: { 'Idempotency-Key': key } }, body })),
  decideAll: (body: Body<'/api/v1/checkpoints/decisions', 'post'>) =>
    send(api.POST('/api/v1/checkpoints/decisions', { body })),
}
