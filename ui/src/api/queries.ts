/**
 * The reads more than one room shares, as queries. What one feature reads alone stands in its own `api.ts`.
 * Keys start with the kind the server's events name.
 */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, send } from './client'

export type RunFilters = {
  workflow?: string
  version?: number
  status?: string
  step?: string
  error?: string
  customer?: string
  text?: string
  after?: number
  before?: number
}

/** How long an answer counts as new: what events mark as old at once, and what seldom changes. */
export const LIVE = { staleTime: 5_000 }
export const SLOW = { staleTime: 60_000 }
/** Actions of one page. */
export const ACTIONS = 100

export const queries = {
  me: () =>
    queryOptions({
      queryKey: ['me'],
      queryFn: () => send(api.GET('/api/v1/auth/me')),
      staleTime: 300_000,
      retry: false,
    }),
  run: (id: string) =>
    queryOptions({
      queryKey: ['runs', 'detail', id],
      queryFn: () => send(api.GET('/api/v1/runs/{id}', { params: { path: { id } } })),
      ...LIVE,
    }),
  checkpointCounts: () =>
    queryOptions({
      queryKey: ['checkpoints', 'counts'],
      queryFn: () => send(api.GET('/api/v1/checkpoints/counts')),
      ...LIVE,
    }),

  conversationCounts: () =>
    queryOptions({
      queryKey: ['conversations', 'counts'],
      queryFn: () => send(api.GET('/api/v1/conversations/counts')),
      ...LIVE,
    }),

  workflows: (text?: string) =>
    queryOptions({
      queryKey: ['workflows', 'list', text ?? ''],
      queryFn: () => send(api.GET('/api/v1/workflows', { params: { query: { text } } })),
      ...LIVE,
    }),
  workflow: (id: string) =>
    queryOptions({
      queryKey: ['workflows', 'detail', id],
      queryFn: () => send(api.GET('/api/v1/workflows/{id}', { params: { path: { id } } })),
      ...LIVE,
    }),
  version: (id: string, n: number) =>
    queryOptions({
      queryKey: ['version', id, n],
      queryFn: () => send(api.GET('/api/v1/workflows/{id}/versions/{n}', { params: { path: { id, n } } })),
      staleTime: Infinity,
    }),
  diff: (id: string, from: number, to: string) =>
    queryOptions({
      queryKey: ['workflows', 'diff', id, from, to],
      queryFn: () =>
        send(api.GET('/api/v1/workflows/{id}/diff', { params: { path: { id }, query: { from: String(from), to } } })),
    }),
  /** What steps and triggers of a workflow are tried with. */
  samples: (id: string) =>
    queryOptions({
      queryKey: ['workflows', 'samples', id],
      queryFn: () => send(api.GET('/api/v1/workflows/{id}/samples', { params: { path: { id } } })),
      ...LIVE,
    }),
  tests: (id: string) =>
    queryOptions({
      queryKey: ['workflows', 'tests', id],
      queryFn: () => send(api.GET('/api/v1/workflows/{id}/tests', { params: { path: { id } } })),
      ...LIVE,
    }),

  delegations: () =>
    queryOptions({ queryKey: ['delegations'], queryFn: () => send(api.GET('/api/v1/delegations')), ...SLOW }),
  people: () => queryOptions({ queryKey: ['people'], queryFn: () => send(api.GET('/api/v1/people')), ...SLOW }),
  connectors: () =>
    queryOptions({ queryKey: ['connectors'], queryFn: () => send(api.GET('/api/v1/connectors')), ...SLOW }),
  /** What connectors can do, found page by page. */
  actions: (wanted: { q?: string; connector?: string; risk?: string }) =>
    infiniteQueryOptions({
      queryKey: ['connectors', 'actions', wanted],
      queryFn: ({ pageParam }) =>
        send(api.GET('/api/v1/actions', { params: { query: { ...wanted, cursor: pageParam, limit: ACTIONS } } })),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page) => page.next ?? undefined,
      ...SLOW,
    }),
  /** One action by its full name. */
  action: (full: string) => {
    const [name = '', ...rest] = full.split('.')
    return queryOptions({
      queryKey: ['connectors', 'action', full],
      queryFn: () =>
        send(
          api.GET('/api/v1/connectors/{name}/actions/{action}', { params: { path: { name, action: rest.join('.') } } }),
        ),
      enabled: rest.length > 0,
      ...SLOW,
    })
  },
  connections: () =>
    queryOptions({ queryKey: ['connections'], queryFn: () => send(api.GET('/api/v1/connections')), ...SLOW }),
  channels: () => queryOptions({ queryKey: ['channels'], queryFn: () => send(api.GET('/api/v1/channels')), ...SLOW }),
  customers: (text?: string) =>
    queryOptions({
      queryKey: ['customers', text ?? ''],
      queryFn: () => send(api.GET('/api/v1/customers', { params: { query: { text } } })),
      ...LIVE,
    }),
}
