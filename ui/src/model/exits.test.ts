import { expect, it } from 'vitest'
import type { Step } from './document'
import { exitsOf, withExit } from './exits'

it('names a branch by its label, its condition, or its place', () => {
  const branches = [
    { when: 'plan = "pro"', next: 'a', label: 'pro' },
    { when: 'seats > 5', next: 'b' },
    { when: '', next: 'c' },
    { when: ' ', next: 'd', label: '' },
  ]
  expect(exitsOf({ type: 'condition', branches, otherwise: 'e' }).map((way) => way.label)).toEqual([
    'pro',
    'seats > 5',
    'when 3',
    'when 4',
    'otherwise',
  ])
})

it('takes what is half written as it is', () => {
  const ways = (step: object) => exitsOf(step as Step).map((way) => [way.name, way.target])
  expect(ways({ type: 'condition' })).toEqual([['otherwise', null]])
  expect(ways({ type: 'condition', branches: 'soon', otherwise: 'e' })).toEqual([['otherwise', 'e']])
  expect(ways({ type: 'condition', branches: [null, { when: 5 }, { next: 'a' }] })).toEqual([
    ['when 1', null],
    ['when 2', null],
    ['when 3', 'a'],
    ['otherwise', null],
  ])
  expect(ways({ type: 'human_handoff', outcomes: { solved: null } })).toEqual([
    ['next', null],
    ['solved', null],
    ['timeout', null],
  ])
  expect(ways({ type: 'later' })).toEqual([])
  expect(withExit({ type: 'condition' } as Step, 'otherwise', 'a')).toEqual({ type: 'condition', otherwise: 'a' })
})
