import { describe, expect, it } from 'vitest'
import { aligned, changeMarks } from './compare'
import type { WorkflowDocument } from './document'

const base: WorkflowDocument = {
  schema: 1,
  name: 'A',
  start: 'a',
  steps: { a: { type: 'notify', channels: [], body: '', next: 'b' }, b: { type: 'end' } },
}

describe('two documents side by side', () => {
  it('marks each step on the side it is on', () => {
    const { before, after } = changeMarks([
      { kind: 'added', step: 'x' },
      { kind: 'removed', step: 'y' },
      { kind: 'renamed', step: 'now', was: 'then' },
    ])
    expect([...before]).toEqual([
      ['y', 'removed'],
      ['then', 'renamed'],
    ])
    expect([...after]).toEqual([
      ['x', 'added'],
      ['now', 'renamed'],
    ])
  })

  it('draws what is in both at the same place, and what is gone somewhere of its own', () => {
    const later: WorkflowDocument = {
      ...base,
      steps: { a: { type: 'notify', channels: [], body: '', next: 'c' }, c: { type: 'end' } },
    }
    const renamed = aligned(base, later, [{ kind: 'renamed', step: 'c', was: 'b' }])
    expect(renamed.before.steps.a?.position).toEqual(renamed.after.steps.a?.position)
    expect(renamed.before.steps.b?.position).toEqual(renamed.after.steps.c?.position)
    const replaced = aligned(base, later, [
      { kind: 'added', step: 'c' },
      { kind: 'removed', step: 'b' },
    ])
    expect(replaced.before.steps.b?.position).not.toEqual(replaced.after.steps.c?.position)
  })

  it('leaves alone what somebody placed', () => {
    const placed: WorkflowDocument = { ...base, steps: { ...base.steps, b: { type: 'end', position: [7, 8] } } }
    expect(aligned(placed, base, []).before).toBe(placed)
  })
})
