import { queryOptions } from '@tanstack/react-query'
import { api, send, type Body } from '@/api/client'
import { LIVE } from '@/api/queries'

/** What only this room reads: key and call. Keys start with the kind the server's events name. */
export const reads = {
  versions: (id: string) =>
    queryOptions({
      queryKey: ['workflows', 'versions', id],
      queryFn: () => send(api.GET('/api/v1/workflows/{id}/versions', { params: { path: { id } } })),
      ...LIVE,
    }),
  activations: (id: string) =>
    queryOptions({
      queryKey: ['workflows', 'activations', id],
      queryFn: () => send(api.GET('/api/v1/workflows/{id}/activations', { params: { path: { id } } })),
      ...LIVE,
    }),
}

/** What is changed from here. */
export const writes = {
  moveBack: (id: string, body: Body<'/api/v1/workflows/{id}/moves/undo', 'post'>) =>
    send(api.POST('/api/v1/workflows/{id}/moves/undo', { params: { path: { id } }, body })),
  moveRuns: (id: string, body: Body<'/api/v1/workflows/{id}/moves', 'post'>) =>
    send(api.POST('/api/v1/workflows/{id}/moves', { params: { path: { id } }, body })),
  rollBack: (id: string, body: Body<'/api/v1/workflows/{id}/rollback', 'post'>) =>
    send(api.POST('/api/v1/workflows/{id}/rollback', { params: { path: { id } }, body })),
  setRamp: (id: string, body: Body<'/api/v1/workflows/{id}/ramp', 'put'>) =>
    send(api.PUT('/api/v1/workflows/{id}/ramp', { params: { path: { id } }, body })),
  fork: (id: string, body: Body<'/api/v1/workflows/{id}/fork', 'post'>, etag: string) =>
    send(api.POST('/api/v1/workflows/{id}/fork', { params: { path: { id }, header: { 'If-Match': etag } }, body })),
  saveDraft: (id: string, body: Body<'/api/v1/workflows/{id}/draft', 'put'>, etag: string) =>
    send(api.PUT('/api/v1/workflows/{id}/draft', { params: { path: { id }, header: { 'If-Match': etag } }, body })),
  endRamp: (id: string) => send(api.DELETE('/api/v1/workflows/{id}/ramp', { params: { path: { id } } })),
}
