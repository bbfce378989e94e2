import { api, send, type Body } from '@/api/client'

/** What is changed from here. */
export const writes = {
  create: (body: Body<'/api/v1/delegations', 'post'>, key: string) =>
    send(api.POST('/api/v1/delegations', { params: { header: { 'Idempotency-Key': key } }, body })),
  end: (id: string) => send(api.DELETE('/api/v1/delegations/{id}', { params: { path: { id } } })),
}
