import { expect, it } from 'vitest'
import { exitsOf } from './exits'

it('names a branch by its label, its condition, or its place', () => {
  const branches = [{ when: 'plan = "pro"', next: 'a', label: 'pro' }, { when: 'seats > 5', next: 'b' }, { when: '', next: 'c' }, { when: ' ', next: 'd', label: '' }]
  expect(exitsOf({ type: 'condition', branches, otherwise: 'e' }).map((way) => way.label)).toEqual(['pro', 'seats > 5', 'when 3', 'when 4', 'otherwise'])
})
