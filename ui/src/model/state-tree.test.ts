import { expect, test } from 'vitest'
import { expressionFor, marks } from './state-tree'

test('what holds a change is known', () => {
  const found = marks([
    { pointer: '/steps/verify/output', kind: 'added' },
    { pointer: '/vars/plan', kind: 'changed' },
  ])
  expect([...found.above].sort()).toEqual(['', '/steps', '/steps/verify', '/vars'])
  expect(found.changed.get('/vars/plan')).toBe('changed')
})

test('a place has the name expressions use', () => {
  expect(expressionFor('/vars/plan')).toBe('plan')
  expect(expressionFor('/vars')).toBeNull()
  expect(expressionFor('/steps/verify/output/items/0/my key')).toBe('steps.verify.output.items[0].`my key`')
  expect(expressionFor('/now/phase')).toBeNull()
})
