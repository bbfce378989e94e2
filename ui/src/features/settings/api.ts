import { queryOptions } from '@tanstack/react-query'
import { api, send, type Body } from '@/api/client'
import { SLOW } from '@/api/queries'

/** What only this room reads: key and call. Keys start with the kind the server's events name. */
export const reads = {
  workspace: () =>
    queryOptions({ queryKey: ['workspace'], queryFn: () => send(api.GET('/api/v1/workspace')), ...SLOW }),
}

/** What is changed from here. */
export const writes = {
  changePassword: (body: Body<'/api/v1/auth/password', 'post'>) => send(api.POST('/api/v1/auth/password', { body })),
  changeWorkspace: (body: Body<'/api/v1/workspace', 'patch'>) => send(api.PATCH('/api/v1/workspace', { body })),
}
