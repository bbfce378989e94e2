import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { expect, test } from 'vitest'
import { refresh } from './refresh'

test('a change during the first read is read afterwards', async () => {
  const client = new QueryClient()
  let stored = 'before'
  let release = () => {}
  const gate = new Promise<void>((resolve) => (release = resolve))
  let reads = 0
  const observer = new QueryObserver(client, {
    queryKey: ['chat', 'c1'],
    queryFn: async () => {
      const seen = stored
      if (reads++ === 0) await gate
      return seen
    },
  })
  const stop = observer.subscribe(() => {})
  stored = 'after'
  const refreshed = refresh(client, ['chat', 'c1'])
  release()
  await refreshed
  expect(client.getQueryData(['chat', 'c1'])).toBe('after')
  stop()
  client.clear()
})
