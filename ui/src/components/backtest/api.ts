import { api, send, type Body } from '@/api/client'

/** What is changed from here. */
export const writes = {
  backtest: (id: string, body: Body<'/api/v1/workflows/{id}/backtest', 'post'>) =>
    send(api.POST('/api/v1/workflows/{id}/backtest', { params: { path: { id } }, body })),
}
