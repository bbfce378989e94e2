import { QueryClient } from '@tanstack/react-query'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { followEvents } from './events'

class Source extends EventTarget {
  static last: Source
  closed = false
  constructor() {
    super()
    Source.last = this
  }
  close() {
    this.closed = true
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('EventSource', Source)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function followed() {
  const client = new QueryClient()
  const read: string[] = []
  vi.spyOn(client, 'invalidateQueries').mockImplementation((filters) => {
    read.push((filters?.queryKey ?? []).join('/'))
    return Promise.resolve()
  })
  const stop = followEvents(client, () => {})
  return { read, stop, happens: (kind: string) => Source.last.dispatchEvent(new Event(kind)) }
}

test('a burst is one read of the lists', () => {
  const { read, happens } = followed()
  for (let turn = 0; turn < 50; turn += 1) happens('run')
  vi.advanceTimersByTime(200)
  expect(read).toEqual(['runs'])
})

test('the dashboard follows runs and checkpoints, but is not read more than once in five seconds', () => {
  const { read, happens } = followed()
  for (let tenth = 0; tenth < 100; tenth += 1) {
    happens(tenth % 2 === 0 ? 'run' : 'checkpoint')
    vi.advanceTimersByTime(100)
  }
  // Ten seconds of events without a pause in between do not keep it waiting either.
  expect(read.filter((key) => key === 'dashboard')).toHaveLength(2)
})

test('after a lost connection everything live is read again', () => {
  const { read, happens } = followed()
  happens('error')
  happens('open')
  vi.advanceTimersByTime(5_000)
  expect([...new Set(read)].sort()).toEqual([
    'checkpoints',
    'checkpoints/detail',
    'conversations',
    'dashboard',
    'runs',
    'runs/counts',
    'workflows',
  ])
})

test('nothing is read after the page stopped to follow', () => {
  const { read, stop, happens } = followed()
  happens('run')
  stop()
  vi.advanceTimersByTime(10_000)
  expect(read).toEqual([])
  expect(Source.last.closed).toBe(true)
})
