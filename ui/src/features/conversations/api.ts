import { queryOptions } from '@tanstack/react-query'
import { api, send, type Body } from '@/api/client'
import { LIVE } from '@/api/queries'
import type { Conversation } from '@/api/types'
import { joined } from '@/model/earlier'

const look = (id: string, before?: number) =>
  send(api.GET('/api/v1/conversations/{id}', { params: { path: { id }, query: { before } } }))

/** What only this room reads: key and call. Keys start with the kind the server's events name. */
export const reads = {
  conversations: (filters: { status?: string; customer?: string; unanswered?: boolean; snoozed?: 'true' | 'any' }) =>
    queryOptions({
      queryKey: ['conversations', 'list', filters],
      queryFn: () => send(api.GET('/api/v1/conversations', { params: { query: filters } })),
      ...LIVE,
    }),
  conversation: (id: string) =>
    queryOptions({
      queryKey: ['conversations', 'detail', id],
      queryFn: async ({ client, queryKey }) => {
        const now = await look(id)
        return joined(client.getQueryData<Conversation>(queryKey), now)
      },
      ...LIVE,
    }),
  earlier: look,
  canned: () =>
    queryOptions({
      queryKey: ['conversations', 'canned'],
      queryFn: () => send(api.GET('/api/v1/canned-replies')),
    }),
  customersLike: (text: string) =>
    queryOptions({
      queryKey: ['customers', 'like', text],
      queryFn: () => send(api.GET('/api/v1/customers', { params: { query: { text: text || undefined, limit: 20 } } })),
    }),
  identities: (id: string) =>
    queryOptions({
      queryKey: ['conversations', 'identities', id],
      queryFn: () => send(api.GET('/api/v1/customers/{id}/identities', { params: { path: { id } } })),
    }),
  merge: (id: string, customer: string) =>
    queryOptions({
      queryKey: ['conversations', 'merge', id, customer],
      queryFn: () => send(api.GET('/api/v1/customers/{id}/merge', { params: { path: { id }, query: { customer } } })),
      staleTime: 0,
    }),
  notes: (id: string) =>
    queryOptions({
      queryKey: ['conversations', 'notes', id],
      queryFn: () => send(api.GET('/api/v1/conversations/{id}/notes', { params: { path: { id } } })),
      ...LIVE,
    }),
}

/** What is changed from here. */
export const writes = {
  assign: (id: string, assigned_to: string | null) =>
    send(api.POST('/api/v1/conversations/{id}/assign', { params: { path: { id } }, body: { assigned_to } })),
  close: (id: string) => send(api.POST('/api/v1/conversations/{id}/close', { params: { path: { id } } })),
  answered: (id: string) => send(api.POST('/api/v1/conversations/{id}/answered', { params: { path: { id } } })),
  keepReply: (id: string | undefined, body: Body<'/api/v1/canned-replies', 'post'>) =>
    id == null
      ? send(api.POST('/api/v1/canned-replies', { body }))
      : send(api.PUT('/api/v1/canned-replies/{id}', { params: { path: { id } }, body })),
  removeReply: (id: string) => send(api.DELETE('/api/v1/canned-replies/{id}', { params: { path: { id } } })),
  snooze: (id: string, body: Body<'/api/v1/conversations/{id}/snooze', 'post'>) =>
    send(api.POST('/api/v1/conversations/{id}/snooze', { params: { path: { id } }, body })),
  wake: (id: string) => send(api.POST('/api/v1/conversations/{id}/wake', { params: { path: { id } } })),
  consent: (id: string, body: Body<'/api/v1/conversations/{id}/consent', 'post'>) =>
    send(api.POST('/api/v1/conversations/{id}/consent', { params: { path: { id } }, body })),
  merge: (id: string, body: Body<'/api/v1/customers/{id}/merge', 'post'>) =>
    send(api.POST('/api/v1/customers/{id}/merge', { params: { path: { id } }, body })),
  undoMerge: (id: string, merge: string) =>
    send(api.POST('/api/v1/customers/{id}/merges/{merge}/undo', { params: { path: { id, merge } } })),
  note: (id: string, body: string) =>
    send(api.POST('/api/v1/conversations/{id}/notes', { params: { path: { id } }, body: { body } })),
}
