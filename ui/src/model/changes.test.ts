import { describe, expect, it } from 'vitest'
import { changesBetween } from './changes'

describe('what differs between two values', () => {
  it('is told place by place', () => {
    const before = { role: 'viewer', groups: ['a'], same: 1, policy: { days: 3, kept: true } }
    const after = { role: 'operator', groups: ['a', 'b'], same: 1, policy: { days: 5, kept: true } }
    expect(changesBetween(before, after)).toEqual([
      { path: 'role', before: 'viewer', after: 'operator' },
      { path: 'groups', before: ['a'], after: ['a', 'b'] },
      { path: 'policy.days', before: 3, after: 5 },
    ])
  })
  it('is the whole of what was not there', () => {
    expect(changesBetween(null, { name: 'x' })).toEqual([{ path: 'name', before: undefined, after: 'x' }])
    expect(changesBetween('ada', null)).toEqual([{ path: '', before: 'ada', after: null }])
    expect(changesBetween({ a: 1 }, { a: 1 })).toEqual([])
  })
})
