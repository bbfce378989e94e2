import { describe, expect, it } from 'vitest'
import { aligned, changeMarks } from './compare'
import type { WorkflowDocument } from './document'

const base: WorkflowDocument = { schema: 1, name: 'A', start: 'a', steps: { a: { type: 'notify', channels: [], body: '', next: 'b' }, b: { type: 'end' } } }

describe('two documents side by side', () => {
  it('marks each step on the side it is on', () => {
    const { before, after } = changeMarks([{ kind: 'added', step: 'x' }, { kind: 'removed', step: 'y' }, { kind: 'renamed', step: 'now', was: 'then' }])
    expect([...before]).toEqual([['y', 'removed'], ['then', 'renamed']])
    expect([...after]).toEqual([['x', 'added'], ['now', 'renamed']])
  })

  it('draws what is in both at the same place', () => {
    const later: WorkflowDocument = { ...base, steps: { a: { ...base.steps.a, position: [50, 60] } as never, c: { type: 'end', position: [7, 8] } } }
    const drawn = aligned(base, later, [{ kind: 'renamed', step: 'c', was: 'b' }])
    expect(drawn.steps.a?.position).toEqual([50, 60])
    expect(drawn.steps.b?.position).toEqual([7, 8])
    expect(aligned(later, base, [])).toBe(later)
  })
})
