import { queryOptions } from '@tanstack/react-query'
import { api, send, type Body } from '@/api/client'
import { LIVE } from '@/api/queries'

/** The canned replies as they would be in a conversation. */
export const cannedReplies = (id: string) =>
  queryOptions({
    queryKey: ['conversations', 'replies', id],
    queryFn: () => send(api.GET('/api/v1/conversations/{id}/canned-replies', { params: { path: { id } } })),
    ...LIVE,
  })

/** Says something to the customer; the same client id again says nothing twice. */
export const say = (id: string, body: Body<'/api/v1/conversations/{id}/messages', 'post'>) =>
  send(api.POST('/api/v1/conversations/{id}/messages', { params: { path: { id } }, body }))
