import { queryOptions } from '@tanstack/react-query'
import { api, send, type Body } from '@/api/client'
import { LIVE, SLOW } from '@/api/queries'

/** How many a list to choose from offers. */
const SHOWN = 20

/** What only this room reads: key and call. Keys start with the kind the server's events name. */
export const reads = {
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
  testRun: (id: string, document: unknown) =>
    queryOptions({
      queryKey: ['workflows', 'test-run', id, document],
      queryFn: () =>
        send(api.POST('/api/v1/workflows/{id}/tests/run', { params: { path: { id } }, body: { document } })),
      staleTime: 0,
      retry: false,
    }),
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
  approversPreview: (policy: Body<'/api/v1/approvers/preview', 'post'>) =>
    queryOptions({
      queryKey: ['people', 'approvers', policy],
      queryFn: () => send(api.POST('/api/v1/approvers/preview', { body: policy })),
      ...SLOW,
      retry: false,
    }),
  schedulePreview: (cron: string, time_zone: string) =>
    queryOptions({
      queryKey: ['schedule-preview', cron, time_zone],
      queryFn: () => send(api.POST('/api/v1/schedules/preview', { body: { cron, time_zone } })),
      ...SLOW,
      retry: false,
    }),
  formPreview: (form: unknown, prompt: string) =>
    queryOptions({
      queryKey: ['form-preview', form, prompt],
      queryFn: () => send(api.POST('/api/v1/forms/preview', { body: { form, prompt } })),
      ...SLOW,
      retry: false,
    }),
}

/** What is changed from here. */
export const writes = {
  publish: (id: string, body: Body<'/api/v1/workflows/{id}/publish', 'post'>) =>
    send(api.POST('/api/v1/workflows/{id}/publish', { params: { path: { id } }, body })),
  saveDraft: (id: string, body: Body<'/api/v1/workflows/{id}/draft', 'put'>, etag: string) =>
    send(api.PUT('/api/v1/workflows/{id}/draft', { params: { path: { id }, header: { 'If-Match': etag } }, body })),
  check: (body: Body<'/api/v1/check', 'post'>) => send(api.POST('/api/v1/check', { body })),
}
