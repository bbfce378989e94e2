/** Every read of the API as a query: its key, its call. Keys start with the kind the server's events name. */
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
export type CheckpointFilters = { status?: 'open' | 'decided'; kind?: string; mine?: boolean }

const LIVE = { staleTime: 5_000 }
const SLOW = { staleTime: 60_000 }

export const queries = {
  me: () => queryOptions({ queryKey: ['me'], queryFn: () => send(api.GET('/api/v1/auth/me')), staleTime: 300_000, retry: false }),

  runs: (filters: RunFilters) =>
    infiniteQueryOptions({
      queryKey: ['runs', 'list', filters],
      queryFn: ({ pageParam }) => send(api.GET('/api/v1/runs', { params: { query: { ...filters, cursor: pageParam, limit: 50 } } })),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page) => page.next ?? undefined,
      ...LIVE,
    }),
  runCounts: () => queryOptions({ queryKey: ['runs', 'counts'], queryFn: () => send(api.GET('/api/v1/runs/counts')), ...LIVE }),
  run: (id: string) => queryOptions({ queryKey: ['runs', 'detail', id], queryFn: () => send(api.GET('/api/v1/runs/{id}', { params: { path: { id } } })), ...LIVE }),
  /** The newest run of a workflow, or null. */
  newestRun: (workflow: string) =>
    queryOptions({ queryKey: ['runs', 'newest', workflow], queryFn: async () => (await send(api.GET('/api/v1/runs', { params: { query: { workflow, limit: 1 } } }))).items[0] ?? null, ...LIVE }),
  /** What a run was started with: trigger, customer, conversation. */
  runStart: (id: string) =>
    queryOptions({
      queryKey: ['run-start', id],
      queryFn: async () => {
        const { items } = await send(api.GET('/api/v1/runs/{id}/events', { params: { path: { id } } }))
        const start: { trigger?: unknown; customer?: unknown; conversation?: unknown } = items.find((event) => event.type === 'run_started')?.data.start ?? {}
        return start
      },
      staleTime: Infinity,
    }),
  runGraph: (id: string) =>
    queryOptions({ queryKey: ['run-graph', id], queryFn: () => send(api.GET('/api/v1/runs/{id}/graph', { params: { path: { id } } })), staleTime: Infinity }),

  checkpoints: (filters: CheckpointFilters) =>
    infiniteQueryOptions({
      queryKey: ['checkpoints', 'list', filters],
      queryFn: ({ pageParam }) => send(api.GET('/api/v1/checkpoints', { params: { query: { ...filters, cursor: pageParam, limit: 50 } } })),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page) => page.next ?? undefined,
      ...LIVE,
    }),
  checkpointCounts: () => queryOptions({ queryKey: ['checkpoints', 'counts'], queryFn: () => send(api.GET('/api/v1/checkpoints/counts')), ...LIVE }),
  checkpoint: (id: string) =>
    queryOptions({ queryKey: ['checkpoints', 'detail', id], queryFn: () => send(api.GET('/api/v1/checkpoints/{id}', { params: { path: { id } } })), ...LIVE }),

  workflows: (text?: string) =>
    queryOptions({ queryKey: ['workflows', 'list', text ?? ''], queryFn: () => send(api.GET('/api/v1/workflows', { params: { query: { text } } })), ...LIVE }),
  workflow: (id: string) =>
    queryOptions({ queryKey: ['workflows', 'detail', id], queryFn: () => send(api.GET('/api/v1/workflows/{id}', { params: { path: { id } } })), ...LIVE }),
  draftYaml: (id: string, revision: number) =>
    queryOptions({
      queryKey: ['workflows', 'yaml', id, revision],
      queryFn: () => send(api.GET('/api/v1/workflows/{id}/draft.yaml', { params: { path: { id } }, parseAs: 'text' })),
    }),
  versions: (id: string) =>
    queryOptions({ queryKey: ['workflows', 'versions', id], queryFn: () => send(api.GET('/api/v1/workflows/{id}/versions', { params: { path: { id } } })), ...LIVE }),
  version: (id: string, n: number) =>
    queryOptions({ queryKey: ['version', id, n], queryFn: () => send(api.GET('/api/v1/workflows/{id}/versions/{n}', { params: { path: { id, n } } })), staleTime: Infinity }),
  diff: (id: string, from: number, to: string) =>
    queryOptions({ queryKey: ['workflows', 'diff', id, from, to], queryFn: () => send(api.GET('/api/v1/workflows/{id}/diff', { params: { path: { id }, query: { from: String(from), to } } })) }),

  connectors: () => queryOptions({ queryKey: ['connectors'], queryFn: () => send(api.GET('/api/v1/connectors')), ...SLOW }),
  connections: () => queryOptions({ queryKey: ['connections'], queryFn: () => send(api.GET('/api/v1/connections')), ...SLOW }),
  channels: () => queryOptions({ queryKey: ['channels'], queryFn: () => send(api.GET('/api/v1/channels')), ...SLOW }),
  channelKinds: () => queryOptions({ queryKey: ['channel-kinds'], queryFn: () => send(api.GET('/api/v1/channel-kinds')), ...SLOW }),
  people: () => queryOptions({ queryKey: ['people'], queryFn: () => send(api.GET('/api/v1/people')), ...SLOW }),
  apiKeys: () => queryOptions({ queryKey: ['api-keys'], queryFn: () => send(api.GET('/api/v1/api-keys')), ...SLOW }),

  evaluation: (mode: 'expression' | 'template', text: string, data: unknown) =>
    queryOptions({ queryKey: ['evaluation', mode, text, data], queryFn: () => send(api.POST('/api/v1/eval', { body: mode === 'expression' ? { expression: text, data } : { template: text, data } })), ...SLOW, retry: false }),
  approversPreview: (policy: { roles?: string[]; users?: string[]; quorum?: number; exclude_requester?: boolean }) =>
    queryOptions({ queryKey: ['people', 'approvers', policy], queryFn: () => send(api.POST('/api/v1/approvers/preview', { body: policy })), ...SLOW, retry: false }),
  formPreview: (form: unknown) =>
    queryOptions({ queryKey: ['form-preview', form], queryFn: () => send(api.POST('/api/v1/forms/preview', { body: { form } })), ...SLOW, retry: false }),

  conversations: (filters: { status?: string; customer?: string }) =>
    queryOptions({ queryKey: ['conversations', 'list', filters], queryFn: () => send(api.GET('/api/v1/conversations', { params: { query: filters } })), ...LIVE }),
  conversation: (id: string) =>
    queryOptions({ queryKey: ['conversations', 'detail', id], queryFn: () => send(api.GET('/api/v1/conversations/{id}', { params: { path: { id } } })), ...LIVE }),
  customers: (text?: string) =>
    queryOptions({ queryKey: ['customers', text ?? ''], queryFn: () => send(api.GET('/api/v1/customers', { params: { query: { text } } })), ...LIVE }),

  audit: () =>
    infiniteQueryOptions({
      queryKey: ['audit'],
      queryFn: ({ pageParam }) => send(api.GET('/api/v1/audit', { params: { query: { cursor: pageParam, limit: 100 } } })),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page) => page.next ?? undefined,
      ...LIVE,
    }),
}
