import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asDocument, STEP_TYPES, type Step, type WorkflowDocument } from '../document'
import { exitsOf } from '../exits'
import { jsonEqual } from '../json'
import { isAutomatic, positions } from '../layout'
import { apply, invert } from './apply'
import {
  addStep,
  autoLayout,
  moveSteps,
  neighbour,
  newStep,
  pasteSteps,
  pickSteps,
  removeSteps,
  replaceDocument,
  type Place,
} from './edits'
import { perform, redo, startHistory, undo } from './history'
import type { Operation } from './types'

const IDS = ['a', 'b', 'c', 'd', 'e']
const id = fc.constantFrom(...IDS)
const OUTCOMES = ['solved', 'given back']
const plainStep: fc.Arbitrary<Step> = fc
  .tuple(fc.constantFrom(...STEP_TYPES), id, fc.string({ maxLength: 5 }))
  .map(([type, next, title]) => ({ ...newStep(type, next), title: `${title} {{ steps.${next}.output }}` }))
const handoff: fc.Arbitrary<Step> = fc
  .record({
    next: id,
    outcomes: fc.dictionary(
      fc.constantFrom(...OUTCOMES),
      id.map((next) => ({ next })),
      { noNullPrototype: true },
    ),
    timeout: fc.option(
      id.map((next) => ({ after: '1d', next })),
      { nil: undefined },
    ),
  })
  .map(({ next, outcomes, timeout }) => ({ type: 'human_handoff', next, outcomes, ...(timeout && { timeout }) }))
const anyStep: fc.Arbitrary<Step> = fc.oneof({ weight: 3, arbitrary: plainStep }, { weight: 1, arbitrary: handoff })
const anyDocument: fc.Arbitrary<WorkflowDocument> = fc
  .uniqueArray(fc.tuple(id, anyStep), { selector: ([key]) => key, minLength: 1 })
  .map((entries) => {
    const start = entries[0]?.[0]
    const steps = Object.fromEntries(entries)
    return asDocument({ schema: 1, name: 'x', case: `{{ steps.${start}.output }}`, start, steps })
  })

const spot = fc.tuple(fc.integer({ min: -500, max: 500 }), fc.integer({ min: -500, max: 500 }))
const exitName = fc.constantFrom(
  'next',
  'error',
  'timeout',
  'unusable',
  'approved',
  'rejected',
  'changes',
  'otherwise',
  'when 1',
  ...OUTCOMES,
  'nonsense',
)
const simple: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    op: fc.constant('set_document' as const),
    field: fc.constantFrom('name' as const, 'description' as const, 'vars' as const),
    value: fc.oneof(fc.string(), fc.constant(undefined)),
  }),
  fc.record({
    op: fc.constant('add_step' as const),
    id,
    step: anyStep,
    index: fc.option(fc.nat(4), { nil: undefined }),
  }),
  fc.record({ op: fc.constant('remove_step' as const), id }),
  fc.record({ op: fc.constant('rename_step' as const), from: id, to: id }),
  fc.record({
    op: fc.constant('set_field' as const),
    id,
    path: fc.constantFrom(['title'], ['input', 'x', 'y'], ['approvers', 'roles', 0]),
    value: fc.oneof(fc.string(), fc.constant(undefined)),
  }),
  fc.record({ op: fc.constant('replace_step' as const), id, step: anyStep }),
  fc.record({ op: fc.constant('connect' as const), id, exit: exitName, target: fc.option(id) }),
  fc.dictionary(id, fc.option(spot)).map((positions): Operation => ({ op: 'move_steps', positions })),
  fc.record({
    op: fc.constant('put_steps' as const),
    put: fc.dictionary(id, anyStep, { noNullPrototype: true }),
    drop: fc.uniqueArray(id),
    order: fc.uniqueArray(id),
    start: id,
  }),
)
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: simple },
  {
    weight: 1,
    arbitrary: fc
      .array(simple, { maxLength: 4 })
      .map((operations): Operation => ({ op: 'batch', name: 'x', operations })),
  },
)

function same(a: WorkflowDocument, b: WorkflowDocument): void {
  expect(Object.keys(a.steps)).toEqual(Object.keys(b.steps))
  expect(jsonEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)))).toBe(true)
}

describe('operations', () => {
  it('are taken back exactly, alone', () => {
    fc.assert(
      fc.property(anyDocument, operation, (document, one) => {
        same(apply(apply(document, one), invert(document, one)), document)
      }),
      { numRuns: 2000 },
    )
  })

  it('are taken back exactly, in any sequence, and done again', () => {
    fc.assert(
      fc.property(anyDocument, fc.array(operation, { maxLength: 25 }), (document, sequence) => {
        let now = 0
        const done = sequence.reduce((history, one) => perform(history, one, (now += 10_000)), startHistory(document))
        let back = done
        while (back.past.length > 0) back = undo(back)
        same(back.document, document)
        let again = back
        while (again.future.length > 0) again = redo(again)
        same(again.document, done.document)
      }),
      { numRuns: 500 },
    )
  })

  it('never change the document they are given', () => {
    fc.assert(
      fc.property(anyDocument, operation, (document, one) => {
        const before = JSON.stringify(document)
        apply(document, one)
        expect(JSON.stringify(document)).toBe(before)
      }),
    )
  })

  it('leave no exit pointing at a removed step', () => {
    fc.assert(
      fc.property(anyDocument, id, (document, gone) => {
        const after = apply(document, { op: 'remove_step', id: gone })
        if (!Object.hasOwn(document.steps, gone)) return
        for (const step of Object.values(after.steps))
          expect(exitsOf(step).map((way) => way.target)).not.toContain(gone)
        expect(after.start).not.toBe(gone)
      }),
    )
  })
})

const line = asDocument({
  name: 'x',
  start: 'a',
  steps: {
    a: { type: 'tool_call', action: 'x.y', next: 'b' },
    b: { type: 'approval', summary: '{{ steps.a.output.n }}', guards: ['c'], on_approve: 'c', on_reject: 'z' },
    c: { type: 'tool_call', action: 'x.z', next: 'z' },
    z: { type: 'end' },
  },
})

describe('edits', () => {
  it('leave every card to the layout until one is placed, and again after tidying up', () => {
    const places: Place[] = [{ from: 'a', exit: 'next' }, { before: 'a' }, { near: [10, 10] }]
    for (const place of places) {
      const after = apply(line, addStep(line, place, (next) => newStep('condition', next), 'new').operation)
      expect(Object.values(after.steps).filter((step) => step.position)).toEqual([])
      expect(new Set([...positions(after).values()].map(String)).size).toBe(5)
    }
    const pasted = apply(line, pasteSteps(line, pickSteps(line, new Set(['b'])), [40, 40]).operation)
    expect(isAutomatic(pasted)).toBe(true)
    for (const place of [{ at: [900, 900] }, { from: 'c', exit: 'error', at: [900, 900] }] as Place[]) {
      const after = apply(line, addStep(line, place, (next) => newStep('end', next), 'new').operation)
      expect(after.steps.new?.position).toEqual([900, 900])
      expect(Object.values(after.steps).every((step) => step.position)).toBe(true)
      expect(isAutomatic(apply(after, autoLayout(after)))).toBe(true)
    }
  })

  it('insert on a connection and push the rest down, where cards were placed', () => {
    const placed = apply(line, moveSteps(line, {}))
    const edit = addStep(placed, { from: 'a', exit: 'next' }, (next) => newStep('condition', next), 'Is it ok?')
    const after = apply(placed, edit.operation)
    expect(edit.id).toBe('is_it_ok')
    expect(after.steps.a).toMatchObject({ next: 'is_it_ok' })
    expect(after.steps.is_it_ok).toMatchObject({ otherwise: 'b' })
    expect(Object.keys(after.steps)).toEqual(['a', 'is_it_ok', 'b', 'c', 'z'])
    const y = (key: string) => after.steps[key]?.position?.[1] ?? 0
    expect(y('is_it_ok')).toBeGreaterThan(y('a'))
    expect(y('b')).toBeGreaterThan(y('is_it_ok'))
  })
  it('remove with reconnection', () => {
    const after = apply(line, removeSteps(['b']))
    expect(after.steps.a).toMatchObject({ next: 'c' })
  })
  it('rename everywhere', () => {
    const named = { ...line, case: '{{ steps.a.output.order }} of {{ steps.ab.output }}' }
    const after = apply(apply(named, { op: 'rename_step', from: 'a', to: 'check' }), {
      op: 'rename_step',
      from: 'c',
      to: 'pay',
    })
    expect(after.start).toBe('check')
    expect(after.case).toBe('{{ steps.check.output.order }} of {{ steps.ab.output }}')
    expect(after.steps.b).toMatchObject({ summary: '{{ steps.check.output.n }}', guards: ['pay'], on_approve: 'pay' })
  })
  it('paste under new names with inner connections', () => {
    const { operation: paste, ids } = pasteSteps(line, pickSteps(line, new Set(['b', 'c'])), [40, 40])
    const after = apply(line, paste)
    expect(ids).toEqual(['b_2', 'c_2'])
    expect(after.steps.b_2).toMatchObject({ guards: ['c_2'], on_approve: 'c_2', on_reject: 'z' })
  })
  it('walk with the arrow keys', () => {
    const placed = apply(line, autoLayout(line))
    expect(neighbour(placed, 'a', 'down')).toBe('b')
    expect(neighbour(placed, 'b', 'up')).toBe('a')
  })
  it('keep every card where it was when one moves', () => {
    const after = apply(line, moveSteps(line, { a: [900, 900] }))
    expect(Object.values(after.steps).every((step) => step.position)).toBe(true)
    expect(after.steps.a?.position).toEqual([900, 900])
  })
})

describe('history', () => {
  it('takes typing back as one', () => {
    let history = startHistory(line)
    'Hello'.split('').forEach((_, index, letters) => {
      history = perform(
        history,
        { op: 'set_field', id: 'a', path: ['title'], value: letters.slice(0, index + 1).join('') },
        index * 100,
      )
    })
    expect(history.past).toHaveLength(1)
    expect(undo(history).document).toEqual(line)
    expect(redo(undo(history)).document.steps.a?.title).toBe('Hello')
  })
})

describe('replacing the document', () => {
  it('gives exactly the other one', () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, (document, other) => {
        same(apply(document, replaceDocument(document, other)), other)
      }),
    )
  })
})

describe('a first step', () => {
  it('goes in front of the old one', () => {
    const after = apply(line, addStep(line, { before: 'a' }, (next) => newStep('notify', next), 'hello').operation)
    expect(after.start).toBe('hello')
    expect(after.steps.hello).toMatchObject({ next: 'a' })
    expect(Object.keys(after.steps)[0]).toBe('hello')
  })

  it('leave the no of an approval open when it is put on a connection', () => {
    const document = asDocument({
      schema: 1,
      name: 'x',
      start: 'a',
      steps: { a: { type: 'notify', channels: [], body: '', next: 'pay' }, pay: { type: 'end' } },
    })
    const { operation, id } = addStep(
      document,
      { from: 'a', exit: 'next' },
      (next) => newStep('approval', next),
      'approval',
    )
    expect(apply(document, operation).steps[id]).toMatchObject({ on_approve: 'pay', on_reject: '' })
  })
})
