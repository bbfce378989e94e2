/** Every read of the API as a query: its key, its call. Keys start with the kind the server's events name. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, send } from './client'
import type { RetryVersion, Script } from './types'

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
type RetryChoice = { step?: string; version: RetryVersion; point?: number }
type CheckpointFilters = { status?: 'open' | 'decided'; kind?: string; mine?: boolean }

const LIVE = { staleTime: 5_000 }
const SLOW = { staleTime: 60_000 }
/** How many a list to choose from offers. */
const SHOWN = 20

export const queries = {
  me: () =>
    queryOptions({
      queryKey: ['me'],
      queryFn: () => send(api.GET('/api/v1/auth/me')),
      staleTime: 300_000,
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
  run: (id: string) =>
    queryOptions({
      queryKey: ['runs', 'detail', id],
      queryFn: () => send(api.GET('/api/v1/runs/{id}', { params: { path: { id } } })),
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
  dashboard: (filters: { workflow?: string; after?: number; before?: number }) =>
    queryOptions({
      queryKey: ['dashboard', filters],
      queryFn: () => send(api.GET('/api/v1/dashboard', { params: { query: filters } })),
      placeholderData: (old) => old,
      staleTime: 30_000,
    }),
  /** The newest runs of a workflow, to choose from. */
  newestRuns: (workflow: string) =>
    queryOptions({
      queryKey: ['runs', 'newest', workflow, SHOWN],
      queryFn: async () =>
        (await send(api.GET('/api/v1/runs', { params: { query: { workflow, limit: SHOWN } } }))).items,
      ...LIVE,
    }),
  /** The newest run of a workflow, or null. */
  newestRun: (workflow: string) =>
    queryOptions({
      queryKey: ['runs', 'newest', workflow],
      queryFn: async () =>
        (await send(api.GET('/api/v1/runs', { params: { query: { workflow, limit: 1 } } }))).items[0] ?? null,
      ...LIVE,
    }),
  /** What a run was started with: trigger, customer, conversation. */
  runStart: (id: string) =>
    queryOptions({
      queryKey: ['run-start', id],
      queryFn: async () => {
        const { items } = await send(api.GET('/api/v1/runs/{id}/events', { params: { path: { id } } }))
        const start: { trigger?: unknown; customer?: unknown; conversation?: unknown } =
          items.find((event) => event.type === 'run_started')?.data.start ?? {}
        return start
      },
      staleTime: Infinity,
    }),
  runGraph: (id: string) =>
    queryOptions({
      queryKey: ['run-graph', id],
      queryFn: () => send(api.GET('/api/v1/runs/{id}/graph', { params: { path: { id } } })),
      staleTime: Infinity,
    }),

  checkpoints: (filters: CheckpointFilters) =>
    infiniteQueryOptions({
      queryKey: ['checkpoints', 'list', filters],
      queryFn: ({ pageParam }) =>
        send(api.GET('/api/v1/checkpoints', { params: { query: { ...filters, cursor: pageParam, limit: 50 } } })),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page) => page.next ?? undefined,
      ...LIVE,
    }),
  checkpointCounts: () =>
    queryOptions({
      queryKey: ['checkpoints', 'counts'],
      queryFn: () => send(api.GET('/api/v1/checkpoints/counts')),
      ...LIVE,
    }),
  checkpoint: (id: string) =>
    queryOptions({
      queryKey: ['checkpoints', 'detail', id],
      queryFn: () => send(api.GET('/api/v1/checkpoints/{id}', { params: { path: { id } } })),
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
  draftYaml: (id: string, revision: number) =>
    queryOptions({
      queryKey: ['workflows', 'yaml', id, revision],
      queryFn: () => send(api.GET('/api/v1/workflows/{id}/draft.yaml', { params: { path: { id } }, parseAs: 'text' })),
    }),
  versions: (id: string) =>
    queryOptions({
      queryKey: ['workflows', 'versions', id],
      queryFn: () => send(api.GET('/api/v1/workflows/{id}/versions', { params: { path: { id } } })),
      ...LIVE,
    }),
  activations: (id: string) =>
    queryOptions({
      queryKey: ['workflows', 'activations', id],
      queryFn: () => send(api.GET('/api/v1/workflows/{id}/activations', { params: { path: { id } } })),
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
  tests: (id: string) =>
    queryOptions({
      queryKey: ['workflows', 'tests', id],
      queryFn: () => send(api.GET('/api/v1/workflows/{id}/tests', { params: { path: { id } } })),
      ...LIVE,
    }),
  testRun: (id: string, document: unknown) =>
    queryOptions({
      queryKey: ['workflows', 'test-run', id, document],
      queryFn: () =>
        send(api.POST('/api/v1/workflows/{id}/tests/run', { params: { path: { id } }, body: { document } })),
      staleTime: 0,
      retry: false,
    }),
  runTest: (id: string) =>
    queryOptions({
      queryKey: ['runs', 'test-case', id],
      queryFn: () => send(api.GET('/api/v1/runs/{id}/test-case', { params: { path: { id } } })),
      staleTime: 0,
      retry: false,
    }),
  templates: () =>
    queryOptions({ queryKey: ['templates'], queryFn: () => send(api.GET('/api/v1/templates')), staleTime: Infinity }),

  connectors: () =>
    queryOptions({ queryKey: ['connectors'], queryFn: () => send(api.GET('/api/v1/connectors')), ...SLOW }),
  connections: () =>
    queryOptions({ queryKey: ['connections'], queryFn: () => send(api.GET('/api/v1/connections')), ...SLOW }),
  channels: () => queryOptions({ queryKey: ['channels'], queryFn: () => send(api.GET('/api/v1/channels')), ...SLOW }),
  channelKinds: () =>
    queryOptions({ queryKey: ['channel-kinds'], queryFn: () => send(api.GET('/api/v1/channel-kinds')), ...SLOW }),
  people: () => queryOptions({ queryKey: ['people'], queryFn: () => send(api.GET('/api/v1/people')), ...SLOW }),
  apiKeys: () => queryOptions({ queryKey: ['api-keys'], queryFn: () => send(api.GET('/api/v1/api-keys')), ...SLOW }),

  evaluation: (mode: 'expression' | 'template', text: string, data: unknown) =>
    queryOptions({
      queryKey: ['evaluation', mode, text, data],
      queryFn: () =>
        send(
          api.POST('/api/v1/eval', {
            body: mode === 'expression' ? { expression: text, data } : { template: text, data },
          }),
        ),
      ...SLOW,
      retry: false,
    }),
  approversPreview: (policy: { roles?: string[]; users?: string[]; quorum?: number; exclude_requester?: boolean }) =>
    queryOptions({
      queryKey: ['people', 'approvers', policy],
      queryFn: () => send(api.POST('/api/v1/approvers/preview', { body: policy })),
      ...SLOW,
      retry: false,
    }),
  formPreview: (form: unknown) =>
    queryOptions({
      queryKey: ['form-preview', form],
      queryFn: () => send(api.POST('/api/v1/forms/preview', { body: { form } })),
      ...SLOW,
      retry: false,
    }),

  conversations: (filters: { status?: string; customer?: string }) =>
    queryOptions({
      queryKey: ['conversations', 'list', filters],
      queryFn: () => send(api.GET('/api/v1/conversations', { params: { query: filters } })),
      ...LIVE,
    }),
  conversation: (id: string) =>
    queryOptions({
      queryKey: ['conversations', 'detail', id],
      queryFn: () => send(api.GET('/api/v1/conversations/{id}', { params: { path: { id } } })),
      ...LIVE,
    }),
  customers: (text?: string) =>
    queryOptions({
      queryKey: ['customers', text ?? ''],
      queryFn: () => send(api.GET('/api/v1/customers', { params: { query: { text } } })),
      ...LIVE,
    }),

  audit: () =>
    infiniteQueryOptions({
      queryKey: ['audit'],
      queryFn: ({ pageParam }) =>
        send(api.GET('/api/v1/audit', { params: { query: { cursor: pageParam, limit: 100 } } })),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page) => page.next ?? undefined,
      ...LIVE,
    }),
}
