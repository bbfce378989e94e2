import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDiff } from './diff'
import { asDocument, freshId, isStepId, type Step, type WorkflowDocument } from './document'
import { ago, formatDuration, measured, parseDuration, retrySummary, spellDuration, timeLeft } from './duration'
import { exitsOf, withExit } from './exits'
import { edgesOf, overlayOf, unreachable } from './graph'
import { getAt, jsonEqual, pointerParts, setAt, toPointer } from './json'
import { layout, positions } from './layout'
import { schemaFields } from './schema'
import { keyCaps, pressName, SequenceMatcher } from './shortcuts'

const document: WorkflowDocument = asDocument({
  schema: 1,
  name: 'Upgrade',
  start: 'check',
  steps: {
    check: { type: 'condition', branches: [{ when: 'plan = "pro"', next: 'ask', label: 'pro' }], otherwise: 'done' },
    ask: { type: 'approval', summary: 's', on_approve: 'charge', on_reject: 'done', guards: ['charge'] },
    charge: { type: 'tool_call', action: 'stripe.charge', next: 'done' },
    done: { type: 'end' },
    lost: { type: 'notify', channels: ['email'], body: 'x', next: 'done' },
  },
})

describe('durations', () => {
  it('reads what the server reads', () => {
    expect(['250ms', '10s', '1h30m', '2d'].map(parseDuration)).toEqual([250, 10_000, 5_400_000, 172_800_000])
    for (const text of ['', '10', 's', '-1s', '1w', '4000d', '1.5h']) expect(parseDuration(text)).toBeNull()
  })
  it('writes what it reads', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3e11 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms)
      }),
    )
  })
  it('speaks plainly', () => {
    expect(spellDuration('1h30m')).toBe('1 hour 30 minutes')
    expect(measured(840)).toBe('840 ms')
    expect(measured(200_000)).toBe('3m 20s')
    expect(timeLeft(10_000, 20_000)).toBeNull()
    expect(timeLeft(14_400_000, 0)).toBe('4h')
    expect(ago(0, 3 * 3_600_000)).toBe('3h ago')
    expect(retrySummary({ attempts: 5 })).toContain('Up to 5 tries')
  })
})

describe('exits', () => {
  it('names them like the engine', () => {
    expect(exitsOf(document.steps.check as Step).map((exit) => exit.name)).toEqual(['when 1', 'otherwise'])
    expect(exitsOf(document.steps.ask as Step).map((exit) => exit.name)).toEqual([
      'approved',
      'rejected',
      'changes',
      'timeout',
    ])
  })
  it('sets and clears each of them', () => {
    for (const step of Object.values(document.steps)) {
      for (const { name } of exitsOf(step)) {
        const changed = withExit(step, name, 'elsewhere')
        expect(exitsOf(changed).find((exit) => exit.name === name)?.target).toBe('elsewhere')
        expect(exitsOf(withExit(changed, name, null)).find((exit) => exit.name === name)?.target).toBeNull()
      }
    }
  })
})

describe('graph', () => {
  it('draws each connection once', () => {
    expect(edgesOf(document).map((edge) => edge.id)).toEqual([
      'check:when 1',
      'check:otherwise',
      'ask:approved',
      'ask:rejected',
      'charge:next',
      'lost:next',
    ])
  })
  it('follows the path of a run', () => {
    const overlay = overlayOf(document, [
      { step: 'check', status: 'completed', branch: 'when 1' },
      { step: 'ask', status: 'completed', branch: 'approved' },
      { step: 'charge', status: 'running' },
    ])
    expect([...overlay.edges]).toEqual(['check:when 1', 'ask:approved'])
    expect(overlay.steps.get('charge')?.status).toBe('running')
  })
  it('finds what nothing reaches', () => expect([...unreachable(document)]).toEqual(['lost']))
  it('lays every step out without overlap', () => {
    const spots = [...layout(document).values()].map(String)
    expect(new Set(spots).size).toBe(5)
    expect(positions(document).size).toBe(5)
  })
})

describe('json', () => {
  it('sets, reads and removes by path', () => {
    const value = { a: [{ b: 1 }], c: 2 }
    expect(getAt(setAt(value, ['a', 0, 'b'], 5), ['a', 0, 'b'])).toBe(5)
    expect(setAt(value, ['c'], undefined)).toEqual({ a: [{ b: 1 }] })
    expect(value).toEqual({ a: [{ b: 1 }], c: 2 })
  })
  it('keeps pointers whole', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (path) => {
        expect(pointerParts(toPointer(path))).toEqual(path)
      }),
    )
  })
  it('compares by value', () => {
    expect(jsonEqual({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toBe(true)
    expect(jsonEqual({ a: undefined }, { b: undefined })).toBe(false)
  })
})

describe('names', () => {
  it('makes free ids the server accepts', () => {
    fc.assert(
      fc.property(fc.string(), (title) => {
        expect(isStepId(freshId(title, {}))).toBe(true)
      }),
    )
    expect(freshId('Ask', { ask: 1, ask_2: 1 })).toBe('ask_3')
  })
})

describe('shortcuts', () => {
  const press = (key: string, over: object = {}) =>
    pressName({ key, meta: false, ctrl: false, shift: false, alt: false, ...over }, false)
  it('names presses', () => {
    expect(press('k', { ctrl: true })).toBe('mod+k')
    expect(press('Z', { ctrl: true, shift: true })).toBe('shift+mod+z')
    expect(press('?', { shift: true })).toBe('?')
  })
  it('follows sequences and forgets slow ones', () => {
    const matcher = new SequenceMatcher()
    expect(matcher.match('g', 0, ['g r', 'r'])).toBeNull()
    expect(matcher.match('r', 500, ['g r', 'r'])).toBe('g r')
    expect(matcher.match('g', 1000, ['g r', 'r'])).toBeNull()
    expect(matcher.match('r', 3000, ['g r', 'r'])).toBe('r')
  })
  it('shows caps', () => expect(keyCaps('shift+mod+z', true)).toEqual(['⇧', '⌘', 'Z']))
})

describe('texts from elsewhere', () => {
  it('numbers diff lines', () => {
    expect(parseDiff('--- a\n+++ b\n@@ -3,2 +3,2 @@\n same\n-old\n+new\n').slice(1)).toEqual([
      { kind: 'same', text: 'same', from: 3, to: 3 },
      { kind: 'removed', text: 'old', from: 4 },
      { kind: 'added', text: 'new', to: 4 },
    ])
  })
  it('reads settings schemas', () => {
    const fields = schemaFields({
      properties: { api_key: { type: 'string', writeOnly: true }, mode: { enum: ['a', 'b'], type: 'string' } },
      required: ['mode'],
    })
    expect(fields.map((field) => [field.title, field.secret, field.required, field.choices])).toEqual([
      ['Api key', true, false, null],
      ['Mode', false, true, ['a', 'b']],
    ])
  })
})
