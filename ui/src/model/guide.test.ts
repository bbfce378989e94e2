import { describe, expect, it } from 'vitest'
import { asDocument } from './document'
import { guideLeft, isBlank } from './guide'

const nothing = { rehearsed: false, published: false }
const blank = asDocument({ name: 'x', start: 'done', steps: { done: { type: 'end' } } })

describe('the guide', () => {
  it('begins with what starts it and ends with its first version', () => {
    expect(isBlank(blank)).toBe(true)
    expect(guideLeft(blank, nothing)[0]).toBe('trigger')
    expect(guideLeft(blank, nothing)).toHaveLength(8)
    expect(guideLeft(blank, { rehearsed: false, published: true })).toEqual([])
  })
  it('leaves out what is there, in whatever order it was made', () => {
    const begun = asDocument({
      name: 'x',
      start: 'ask',
      triggers: [{ type: 'message', when: 'true' }],
      steps: {
        ask: { type: 'approval', summary: 'Pay', guards: ['pay'], on_approve: 'pay', on_reject: 'done' },
        pay: { type: 'tool_call', action: '', next: 'which' },
        which: { type: 'condition', branches: [{ when: '', next: 'done' }], otherwise: 'done' },
        done: { type: 'end' },
      },
    })
    expect(isBlank(begun)).toBe(false)
    expect(guideLeft(begun, { rehearsed: true, published: false })).toEqual(['ask', 'call', 'decide', 'publish'])
  })
})
