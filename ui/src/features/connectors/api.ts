import { queryOptions } from '@tanstack/react-query'
import { api, send, type Body } from '@/api/client'
import { LIVE, SLOW } from '@/api/queries'

/** What only this room reads: key and call. Keys start with the kind the server's events name. */
export const reads = {
  connector: (name: string) =>
    queryOptions({
      queryKey: ['connectors', 'detail', name],
      queryFn: () => send(api.GET('/api/v1/connectors/{name}', { params: { path: { name } } })),
      ...SLOW,
    }),
  uses: (id: string) =>
    queryOptions({
      // Workflows are what changes it.
      queryKey: ['workflows', 'uses', id],
      queryFn: () => send(api.GET('/api/v1/connections/{id}/uses', { params: { path: { id } } })),
      ...LIVE,
    }),
  channelKinds: () =>
    queryOptions({ queryKey: ['channel-kinds'], queryFn: () => send(api.GET('/api/v1/channel-kinds')), ...SLOW }),
}

/** What is changed from here. */
export const writes = {
  putIn: (body: Body<'/api/v1/connectors', 'post'>) => send(api.POST('/api/v1/connectors', { body })),
  takeOut: (name: string) => send(api.DELETE('/api/v1/connectors/{name}', { params: { path: { name } } })),
  changeConnection: (id: string, body: Body<'/api/v1/connections/{id}', 'patch'>, untested: boolean) =>
    send(api.PATCH('/api/v1/connections/{id}', { params: { path: { id }, query: { untested } }, body })),
  addConnection: (body: Body<'/api/v1/connections', 'post'>, untested: boolean) =>
    send(api.POST('/api/v1/connections', { params: { query: { untested } }, body })),
  beginConnecting: (id: string) => send(api.POST('/api/v1/connections/{id}/connect', { params: { path: { id } } })),
  finishConnecting: (body: Body<'/api/v1/connections/connected', 'post'>) =>
    send(api.POST('/api/v1/connections/connected', { body })),
  disconnect: (id: string) => send(api.POST('/api/v1/connections/{id}/disconnect', { params: { path: { id } } })),
  test: (id: string) => send(api.POST('/api/v1/connections/{id}/test', { params: { path: { id } } })),
  changeChannel: (id: string, body: Body<'/api/v1/channels/{id}', 'patch'>) =>
    send(api.PATCH('/api/v1/channels/{id}', { params: { path: { id } }, body })),
  addChannel: (body: Body<'/api/v1/channels', 'post'>) => send(api.POST('/api/v1/channels', { body })),
  testChannel: (id: string) => send(api.POST('/api/v1/channels/{id}/test', { params: { path: { id } } })),
  remove: (list: 'connections' | 'channels', id: string) =>
    send(api.DELETE(`/api/v1/${list}/{id}`, { params: { path: { id } } })),
}
