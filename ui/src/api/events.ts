import type { QueryClient } from '@tanstack/react-query'
import { refresh } from './refresh'

/** Which cached reads an event of the server makes old. */
const TOUCHES: Record<string, string[][]> = {
  run: [['runs'], ['dashboard']],
  checkpoint: [['checkpoints'], ['runs', 'counts'], ['dashboard']],
  conversation: [['conversations'], ['checkpoints', 'detail']],
  workflow: [['workflows']],
}

const GATHER_MS = 200
/** Reads that add up many rows: on a busy day something happens all the time. */
const GATHER_SLOWLY_MS: Record<string, number> = { dashboard: 5_000 }

/**
 * Follows the server's events and marks what they touch as old, so that open pages read it again.
 * Bursts are gathered. After a lost connection everything live is read again. Returns how to stop.
 */
export function followEvents(client: QueryClient, onConnected: (connected: boolean) => void): () => void {
  const source = new EventSource('/api/v1/events', { withCredentials: true })
  const waiting = new Map<string, ReturnType<typeof setTimeout>>()
  let lost = false

  const touchKey = (queryKey: string[]) => {
    const id = JSON.stringify(queryKey)
    if (waiting.has(id)) return
    const read = () => {
      waiting.delete(id)
      void refresh(client, queryKey)
    }
    waiting.set(id, setTimeout(read, GATHER_SLOWLY_MS[queryKey[0] ?? ''] ?? GATHER_MS))
  }
  const touch = (kind: string) => (TOUCHES[kind] ?? []).forEach(touchKey)

  const touchAll = () => Object.keys(TOUCHES).forEach(touch)
  for (const kind of Object.keys(TOUCHES)) source.addEventListener(kind, () => touch(kind))
  // The server could not tell everything that changed, so everything may have.
  source.addEventListener('resync', touchAll)
  source.addEventListener('open', () => {
    onConnected(true)
    if (lost) touchAll()
    lost = false
  })
  source.addEventListener('error', () => {
    lost = true
    onConnected(false)
  })
  return () => {
    waiting.forEach(clearTimeout)
    source.close()
  }
}
