import { api, send, type Body } from '@/api/client'

/** What is changed from here. */
export const writes = {
  createWorkflow: (body: Body<'/api/v1/workflows', 'post'>) => send(api.POST('/api/v1/workflows', { body })),
}
