import { queryOptions } from '@tanstack/react-query'
import { api, send, type Body } from '@/api/client'
import { LIVE } from '@/api/queries'

/** What only this room reads: key and call. Keys start with the kind the server's events name. */
export const reads = {
  triggers: (id: string) =>
    queryOptions({
      queryKey: ['workflows', 'triggers', id],
      queryFn: () => send(api.GET('/api/v1/workflows/{id}/triggers', { params: { path: { id } } })),
      ...LIVE,
    }),
  times: (cron: string, time_zone: string) =>
    queryOptions({
      queryKey: ['workflows', 'triggers', 'times', cron, time_zone],
      queryFn: () => send(api.POST('/api/v1/schedules/preview', { body: { cron, time_zone } })),
      ...LIVE,
    }),
}

/** What is changed from here. */
export const writes = {
  change: (id: string, trigger: string, body: Body<'/api/v1/workflows/{id}/triggers/{trigger}', 'patch'>) =>
    send(api.PATCH('/api/v1/workflows/{id}/triggers/{trigger}', { params: { path: { id, trigger } }, body })),
  tryTrigger: (id: string, trigger: string, body: Body<'/api/v1/workflows/{id}/triggers/{trigger}/try', 'post'>) =>
    send(api.POST('/api/v1/workflows/{id}/triggers/{trigger}/try', { params: { path: { id, trigger } }, body })),
  replay: (event: string) => send(api.POST('/api/v1/inbound/{id}/replay', { params: { path: { id: event } } })),
}
