import { api, send } from '@/api/client'

/** What is changed from here. */
export const writes = {
  signOut: () => send(api.POST('/api/v1/auth/logout')),
}
