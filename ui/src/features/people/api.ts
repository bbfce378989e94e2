import { api, send, type Body } from '@/api/client'

/** What is changed from here. */
export const writes = {
  changePerson: (id: string, body: Body<'/api/v1/people/{id}', 'patch'>) =>
    send(api.PATCH('/api/v1/people/{id}', { params: { path: { id } }, body })),
  invite: (id: string, mail: boolean) =>
    send(api.POST('/api/v1/people/{id}/invite', { params: { path: { id }, query: { mail } } })),
  addPerson: (body: Body<'/api/v1/people', 'post'>) => send(api.POST('/api/v1/people', { body })),
}
