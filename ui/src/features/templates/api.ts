import { queryOptions } from '@tanstack/react-query'
import { api, send, type Body } from '@/api/client'

/** What only this room reads: key and call. Keys start with the kind the server's events name. */
export const reads = {
  templates: () =>
    queryOptions({ queryKey: ['templates'], queryFn: () => send(api.GET('/api/v1/templates')), staleTime: Infinity }),
}

/** What is changed from here. */
export const writes = {
  check: (body: Body<'/api/v1/check', 'post'>) => send(api.POST('/api/v1/check', { body })),
  createWorkflow: (body: Body<'/api/v1/workflows', 'post'>) => send(api.POST('/api/v1/workflows', { body })),
  useTemplate: (name: string, body: Body<'/api/v1/templates/{name}/use', 'post'>, key: string) =>
    send(
      api.POST('/api/v1/templates/{name}/use', {
        params: { path: { name }, header: { 'Idempotency-Key': key } },
        body,
      }),
    ),
}
