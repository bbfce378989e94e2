import { queryOptions } from '@tanstack/react-query'
import { api, send, type Body } from '@/api/client'
import type { ChatView } from '@/api/types'
import { joined } from '@/model/earlier'
import type { Visitor } from './visitor'

export const viewKey = (visitor: Visitor | null): string[] => ['chat', visitor?.conversation ?? '']

const look = (visitor: Visitor | null, before?: number) =>
  send(
    api.GET('/api/v1/chat/conversations/{id}', {
      params: {
        path: { id: visitor?.conversation ?? '' },
        query: { before },
        header: { 'X-Visitor': visitor?.token ?? '' },
      },
    }),
  )

/** What a visitor reads: their conversation, by the token they were given. */
export const reads = {
  view: (visitor: Visitor | null) =>
    queryOptions({
      queryKey: viewKey(visitor),
      queryFn: async ({ client, queryKey }) => {
        const now = await look(visitor)
        return joined(client.getQueryData<ChatView>(queryKey), now)
      },
    }),
  earlier: look,
}

/** What is changed from here. */
export const writes = {
  submitForm: (
    id: string,
    checkpoint: string,
    body: Body<'/api/v1/chat/conversations/{id}/forms/{checkpoint}', 'post'>,
    visitor: string,
  ) =>
    send(
      api.POST('/api/v1/chat/conversations/{id}/forms/{checkpoint}', {
        params: { path: { id, checkpoint }, header: { 'X-Visitor': visitor } },
        body,
      }),
    ),
  keepFormDraft: (
    id: string,
    checkpoint: string,
    body: Body<'/api/v1/chat/conversations/{id}/forms/{checkpoint}/draft', 'put'>,
    visitor: string,
    /** Sent also when the page goes, where browsers let no more than 64 KiB go. */
    keepalive: boolean,
  ) =>
    send(
      api.PUT('/api/v1/chat/conversations/{id}/forms/{checkpoint}/draft', {
        params: { path: { id, checkpoint }, header: { 'X-Visitor': visitor } },
        body,
        keepalive,
      }),
    ),
  beginConversation: (workspace: string, body: Body<'/api/v1/chat/{workspace}/conversations', 'post'>) =>
    send(api.POST('/api/v1/chat/{workspace}/conversations', { params: { path: { workspace } }, body })),
  say: (id: string, body: Body<'/api/v1/chat/conversations/{id}/messages', 'post'>, visitor: string) =>
    send(
      api.POST('/api/v1/chat/conversations/{id}/messages', {
        params: { path: { id }, header: { 'X-Visitor': visitor } },
        body,
      }),
    ),
}
