import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, send, type Body } from '@/api/client'
import { LIVE, SLOW, type RunFilters } from '@/api/queries'
import type { RetryVersion } from '@/api/types'

type RetryChoice = { step?: string; version: RetryVersion; point?: number }

/** What only this room reads: key and call. Keys start with the kind the server's events name. */
export const reads = {
  customer: (id: string) =>
    queryOptions({
      queryKey: ['customers', 'one', id],
      queryFn: () => send(api.GET('/api/v1/customers/{id}', { params: { path: { id } } })),
      ...SLOW,
      retry: false,
    }),
  runs: (filters: RunFilters) =>
    infiniteQueryOptions({
      queryKey: ['runs', 'list', filters],
      queryFn: ({ pageParam }) =>
        send(api.GET('/api/v1/runs', { params: { query: { ...filters, cursor: pageParam, limit: 50 } } })),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page) => page.next ?? undefined,
      ...LIVE,
    }),
  runCounts: (filters: RunFilters = {}) =>
    queryOptions({
      queryKey: ['runs', 'counts', filters],
      queryFn: () => send(api.GET('/api/v1/runs/counts', { params: { query: filters } })),
      placeholderData: (old) => old,
      ...LIVE,
    }),
  runPoints: (id: string) =>
    queryOptions({
      queryKey: ['runs', 'points', id],
      queryFn: () => send(api.GET('/api/v1/runs/{id}/points', { params: { path: { id } } })),
      ...LIVE,
    }),
  // What happened does not change: a state, and what an expression gave in it, stay as they were read.
  runState: (id: string, n: number, from?: number) =>
    queryOptions({
      queryKey: ['run-state', id, n, from ?? null],
      queryFn: () => send(api.GET('/api/v1/runs/{id}/states/{n}', { params: { path: { id, n }, query: { from } } })),
      placeholderData: (old) => old,
      staleTime: Infinity,
    }),
  runEvaluation: (id: string, point: number, expression: string) =>
    queryOptions({
      queryKey: ['run-evaluation', id, point, expression],
      queryFn: () =>
        send(api.POST('/api/v1/runs/{id}/evaluate', { params: { path: { id } }, body: { point, expression } })),
      enabled: expression.trim() !== '',
      placeholderData: (old) => old,
      staleTime: Infinity,
    }),
  visitRequests: (id: string, n: number) =>
    queryOptions({
      queryKey: ['runs', 'requests', id, n],
      queryFn: () => send(api.GET('/api/v1/runs/{id}/visits/{n}/requests', { params: { path: { id, n } } })),
      ...SLOW,
    }),
  retryPlan: (id: string, choice: RetryChoice) =>
    queryOptions({
      queryKey: ['runs', 'retry', id, choice],
      queryFn: () => send(api.GET('/api/v1/runs/{id}/retry', { params: { path: { id }, query: choice } })),
      placeholderData: (old) => old,
      retry: false,
      staleTime: 0,
    }),
  savedViews: () =>
    queryOptions({ queryKey: ['saved-views'], queryFn: () => send(api.GET('/api/v1/saved-views')), ...SLOW }),
  runGraph: (id: string) =>
    queryOptions({
      queryKey: ['run-graph', id],
      queryFn: () => send(api.GET('/api/v1/runs/{id}/graph', { params: { path: { id } } })),
      staleTime: Infinity,
    }),
  runTest: (id: string) =>
    queryOptions({
      queryKey: ['runs', 'test-case', id],
      queryFn: () => send(api.GET('/api/v1/runs/{id}/test-case', { params: { path: { id } } })),
      staleTime: 0,
      retry: false,
    }),
}

/** What is changed from here. */
export const writes = {
  changeRuns: (body: Body<'/api/v1/runs/bulk', 'post'>, key: string) =>
    send(api.POST('/api/v1/runs/bulk', { params: { header: { 'Idempotency-Key': key } }, body })),
  moveBack: (id: string, body: Body<'/api/v1/workflows/{id}/moves/undo', 'post'>) =>
    send(api.POST('/api/v1/workflows/{id}/moves/undo', { params: { path: { id } }, body })),
  retryRun: (id: string, body: Body<'/api/v1/runs/{id}/retry', 'post'>, key: string) =>
    send(api.POST('/api/v1/runs/{id}/retry', { params: { path: { id }, header: { 'Idempotency-Key': key } }, body })),
  cancelRun: (id: string, body: Body<'/api/v1/runs/{id}/cancel', 'post'>) =>
    send(api.POST('/api/v1/runs/{id}/cancel', { params: { path: { id } }, body })),
  saveView: (body: Body<'/api/v1/saved-views', 'post'>, key: string) =>
    send(api.POST('/api/v1/saved-views', { params: { header: { 'Idempotency-Key': key } }, body })),
  changeView: (id: string, body: Body<'/api/v1/saved-views/{id}', 'put'>) =>
    send(api.PUT('/api/v1/saved-views/{id}', { params: { path: { id } }, body })),
  forgetView: (id: string) => send(api.DELETE('/api/v1/saved-views/{id}', { params: { path: { id } } })),
  keepAsTest: (id: string, body: Body<'/api/v1/runs/{id}/test-case', 'post'>) =>
    send(api.POST('/api/v1/runs/{id}/test-case', { params: { path: { id } }, body })),
}
