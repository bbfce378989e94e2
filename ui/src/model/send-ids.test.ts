import { expect, test } from 'vitest'
import { sendIds } from './send-ids'

test('what got no answer keeps its name, what arrived or was changed gets another', () => {
  const ids = sendIds()
  const first = ids.of('Hello')
  expect(ids.of('Hello')).toBe(first)
  const changed = ids.of('Hello!')
  expect(changed).not.toBe(first)
  ids.arrived()
  expect(ids.of('Hello!')).not.toBe(changed)
})
