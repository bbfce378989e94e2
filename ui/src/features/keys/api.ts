import { queryOptions } from '@tanstack/react-query'
import { api, send, type Body } from '@/api/client'
import { SLOW } from '@/api/queries'

/** What only this room reads: key and call. */
export const reads = {
  apiKeys: () => queryOptions({ queryKey: ['api-keys'], queryFn: () => send(api.GET('/api/v1/api-keys')), ...SLOW }),
}

/** What is changed from here. */
export const writes = {
  createKey: (body: Body<'/api/v1/api-keys', 'post'>) => send(api.POST('/api/v1/api-keys', { body })),
  revokeKey: (id: string) => send(api.DELETE('/api/v1/api-keys/{id}', { params: { path: { id } } })),
}
