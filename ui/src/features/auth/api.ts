import { api, send, type Body } from '@/api/client'

/** What is changed from here. */
export const writes = {
  signIn: (body: Body<'/api/v1/auth/login', 'post'>) => send(api.POST('/api/v1/auth/login', { body })),
  setUp: (body: Body<'/api/v1/auth/setup', 'post'>) => send(api.POST('/api/v1/auth/setup', { body })),
}
