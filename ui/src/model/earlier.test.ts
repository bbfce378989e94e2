import { expect, test } from 'vitest'
import { joined, withEarlier } from './earlier'

const view = (from: number, to: number, has_older = from > 1) => ({
  messages: Array.from({ length: to - from + 1 }, (_, n) => ({ id: `m${from + n}`, position: from + n })),
  has_older,
})
const span = ({ messages, has_older }: ReturnType<typeof view>) => [
  messages[0]?.position,
  messages.at(-1)?.position,
  messages.length,
  has_older,
]

test('a window that moved on keeps what was read before it', () => {
  expect(span(joined(undefined, view(5, 204)))).toEqual([5, 204, 200, true])
  expect(span(joined(view(1, 200), view(5, 204)))).toEqual([1, 204, 204, false])
  expect(span(joined(view(1, 4), view(5, 204)))).toEqual([1, 204, 204, false])
})

test('where something lies between, what was read before is read again when it is asked for', () => {
  expect(span(joined(view(1, 3), view(5, 204)))).toEqual([5, 204, 200, true])
})

test('earlier messages come in front, once', () => {
  const more = withEarlier(view(205, 404), view(5, 204))
  expect(span(more)).toEqual([5, 404, 400, true])
  expect(span(withEarlier(more, view(5, 204)))).toEqual([5, 404, 400, false])
  expect(span(withEarlier(more, view(1, 4)))).toEqual([1, 404, 404, false])
})
