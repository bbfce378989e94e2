import { queryOptions } from '@tanstack/react-query'
import { api, send, type Body } from '@/api/client'
import { SLOW } from '@/api/queries'

export const reads = {
  notifications: () =>
    queryOptions({
      queryKey: ['me', 'notifications'],
      queryFn: () => send(api.GET('/api/v1/me/notifications')),
      ...SLOW,
    }),
}

/** What is changed from here. */
export const writes = {
  notifications: (body: Body<'/api/v1/me/notifications', 'put'>) => send(api.PUT('/api/v1/me/notifications', { body })),
  test: (body: Body<'/api/v1/me/notifications/test', 'post'>) =>
    send(api.POST('/api/v1/me/notifications/test', { body })),
}
