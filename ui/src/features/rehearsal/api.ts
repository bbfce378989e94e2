import { queryOptions } from '@tanstack/react-query'
import { api, send, type Body } from '@/api/client'
import { LIVE } from '@/api/queries'
import type { Script } from '@/api/types'

/** What only this room reads: key and call. Keys start with the kind the server's events name. */
export const reads = {
  testsYaml: (id: string) =>
    queryOptions({
      queryKey: ['workflows', 'tests-yaml', id],
      queryFn: () => send(api.GET('/api/v1/workflows/{id}/tests.yaml', { params: { path: { id } }, parseAs: 'text' })),
      staleTime: 0,
    }),
  rehearsal: (id: string, document: unknown, script: Script) =>
    queryOptions({
      queryKey: ['rehearsal', id, document, script],
      queryFn: () =>
        send(api.POST('/api/v1/workflows/{id}/rehearse', { params: { path: { id } }, body: { document, script } })),
      staleTime: Infinity,
      gcTime: 60_000,
      retry: false,
    }),
  recorded: (id: string, step: string, action: string) =>
    queryOptions({
      queryKey: ['recorded', id, step, action],
      queryFn: () =>
        send(
          api.GET('/api/v1/workflows/{id}/steps/{step}/samples', { params: { path: { id, step }, query: { action } } }),
        ),
      ...LIVE,
    }),
}

/** What is changed from here. */
export const writes = {
  callForReal: (id: string, body: Body<'/api/v1/workflows/{id}/rehearse/call', 'post'>) =>
    send(api.POST('/api/v1/workflows/{id}/rehearse/call', { params: { path: { id } }, body })),
  keepTest: (id: string, body: Body<'/api/v1/workflows/{id}/tests', 'post'>, key: string) =>
    send(
      api.POST('/api/v1/workflows/{id}/tests', { params: { path: { id }, header: { 'Idempotency-Key': key } }, body }),
    ),
  runTests: (id: string, body: Body<'/api/v1/workflows/{id}/tests/run', 'post'>) =>
    send(api.POST('/api/v1/workflows/{id}/tests/run', { params: { path: { id } }, body })),
  updateTest: (id: string, test: string, body: Body<'/api/v1/workflows/{id}/tests/{test}', 'put'>) =>
    send(api.PUT('/api/v1/workflows/{id}/tests/{test}', { params: { path: { id, test } }, body })),
  removeTest: (id: string, test: string) =>
    send(api.DELETE('/api/v1/workflows/{id}/tests/{test}', { params: { path: { id, test } } })),
  loadTests: (id: string, body: Body<'/api/v1/workflows/{id}/tests', 'put'>) =>
    send(api.PUT('/api/v1/workflows/{id}/tests', { params: { path: { id } }, body })),
}
