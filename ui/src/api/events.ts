import type { QueryClient } from '@tanstack/react-query'
import { refresh } from './refresh'

/** Which cached reads an event of the server makes old. */
const TOUCHES: Record<string, string[][]> = {
  run: [['runs']],
  checkpoint: [['checkpoints'], ['runs', 'counts']],
  conversation: [['conversations'], ['checkpoints', 'detail']],
  workflow: [['workflows']],
}

const GATHER_MS = 200

/**
 * Follows the server's events and marks what they touch as old, so that open pages read it again.
 * Bursts are gathered. After a lost connection everything live is read again. Returns how to stop.
 */
export function followEvents(client: QueryClient, onConnected: (connected: boolean) => void): () => void {
  const source = new EventSource('/api/v1/events', { withCredentials: true })
  const touched = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let lost = false

  const flush = () => {
    timer = undefined
    const keys = [...touched].map((key) => JSON.parse(key) as string[])
    touched.clear()
    for (const queryKey of keys) void refresh(client, queryKey)
  }
  const touch = (kind: string) => {
    for (const key of TOUCHES[kind] ?? []) touched.add(JSON.stringify(key))
    timer ??= setTimeout(flush, GATHER_MS)
  }

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
    clearTimeout(timer)
    source.close()
  }
}
