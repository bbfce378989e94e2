import { api, send, type Body } from '@/api/client'

/** Starts a run; the same key again answers with the first one. */
export const startRun = (body: Body<'/api/v1/runs', 'post'>, key: string) =>
  send(api.POST('/api/v1/runs', { params: { header: { 'Idempotency-Key': key } }, body }))
