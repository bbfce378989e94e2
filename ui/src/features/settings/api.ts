import { api, send, type Body } from '@/api/client'

/** What is changed from here. */
export const writes = {
  changePassword: (body: Body<'/api/v1/auth/password', 'post'>) => send(api.POST('/api/v1/auth/password', { body })),
}
