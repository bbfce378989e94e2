import { infiniteQueryOptions } from '@tanstack/react-query'
import { api, send } from '@/api/client'
import { LIVE } from '@/api/queries'

/** Which entries are shown; also what the address holds. */
export type AuditFilters = { actor?: string; action?: string; subject?: string; after?: number; before?: number }

/** What only this room reads: key and call. Keys start with the kind the server's events name. */
export const reads = {
  audit: (filters: AuditFilters) =>
    infiniteQueryOptions({
      queryKey: ['audit', filters],
      queryFn: ({ pageParam }) =>
        send(api.GET('/api/v1/audit', { params: { query: { ...filters, cursor: pageParam, limit: 100 } } })),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (page) => page.next ?? undefined,
      ...LIVE,
    }),
}

/** Whether the chain of entries is whole, counted anew, and whether an end noted elsewhere is still in it. */
export const verifyChain = (head: string) =>
  send(api.GET('/api/v1/audit/verify', { params: { query: { head: head || undefined } } }))

/** Entries of one part of the export. */
const PART = 1000

/** The whole trail as `countersign audit verify --file` reads it: a line for the key, then one for each entry. */
export async function wholeTrail(): Promise<string> {
  const parts: string[] = []
  let after = 0
  for (;;) {
    const query = { after, limit: PART }
    // An empty body is read as nothing at all.
    const part =
      (await send<string | undefined>(api.GET('/api/v1/audit/export', { params: { query }, parseAs: 'text' }))) ?? ''
    const lines = part.split('\n').filter((line) => line !== '')
    const entries = lines.filter((line) => line.includes('"seq"'))
    parts.push(part)
    if (entries.length < PART) return parts.join('')
    after = (JSON.parse(entries.at(-1) ?? '{"seq":0}') as { seq: number }).seq
  }
}
