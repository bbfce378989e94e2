import { describe, expect, it } from 'vitest'
import { asDocument } from '../document'
import { completionAt, type Mode } from './complete'
import { scopeOfRun } from './sample'
import { documentShape, merged, shapeOfValue } from './shape'

const document = asDocument({
  name: 'Upgrade',
  start: 'verify',
  vars: { current_plan: 'free', 'odd name': 1 },
  steps: {
    verify: { type: 'tool_call', action: 'identity.verify', set: { seats: '{{ output.seats }}' }, next: 'ask' },
    ask: {
      type: 'collect_form',
      form: { type: 'object', properties: { reason: { type: 'string', title: 'Why?' } } },
      next: 'done',
    },
    done: { type: 'end' },
  },
})
const fromSchema = documentShape(document, (action) =>
  action === 'identity.verify'
    ? {
        type: 'object',
        properties: {
          plan: { type: 'string', description: 'What they pay for' },
          address: { type: 'object', properties: { city: { type: 'string' } } },
        },
      }
    : undefined,
)
const run = {
  id: 'r1',
  vars: { current_plan: 'team' },
  steps: [{ step: 'verify', output: { plan: 'team', verified: true, lines: [{ amount: 5 }] } }],
}
const both = merged(
  fromSchema,
  shapeOfValue(scopeOfRun(run, { customer: { name: 'Ada Example', fields: { since: '2023', 'vip level': 2 } } })),
)

/** What is offered at `|`. */
function offered(
  text: string,
  { mode = 'expression', shape = both, asked = false }: { mode?: Mode; shape?: typeof both; asked?: boolean } = {},
) {
  const at = text.indexOf('|')
  return completionAt(text.replace('|', ''), at, mode, shape, asked)
}
const names = (...asked: Parameters<typeof offered>) => offered(...asked)?.options.map((option) => option.label)

describe('completion', () => {
  it('offers the variables, those only `set` names too', () => {
    expect(names('c|')).toEqual(
      expect.arrayContaining(['current_plan', 'seats', 'steps', 'customer', 'input', 'trigger', 'run']),
    )
    expect(offered('current_p|')).toMatchObject({ from: 0 })
    expect(offered('x = o|')?.options.find((option) => option.label === 'odd name')?.insert).toBe('`odd name`')
  })
  it('offers outputs of steps by the schema of the action and of the form', () => {
    expect(names('steps.|', { shape: fromSchema })).toEqual(['verify', 'ask'])
    expect(names('steps.verify.output.|', { shape: fromSchema })).toEqual(['plan', 'address'])
    expect(names('steps.verify.output.address.c|', { shape: fromSchema })).toEqual(['city'])
    expect(offered('steps.ask.output.|', { shape: fromSchema })?.options).toMatchObject([
      { label: 'reason', info: 'Why?', detail: 'string' },
    ])
  })
  it('offers what only the run had, with what it was', () => {
    const options = offered('steps.verify.output.|')?.options
    expect(options?.map((option) => option.label)).toEqual(['plan', 'address', 'verified', 'lines'])
    expect(options).toMatchObject([
      { detail: 'team', info: 'What they pay for' },
      { detail: 'object' },
      { detail: 'true' },
      {},
    ])
    expect(names('steps.verify.output.lines[0].|')).toEqual(['amount'])
  })
  it('offers what the customer has, own fields too', () => {
    expect(names('customer.|')).toEqual(expect.arrayContaining(['name', 'email', 'fields']))
    expect(offered('customer.fields.|')?.options).toMatchObject([{ insert: 'since' }, { insert: '`vip level`' }])
  })
  it('offers functions after a dollar sign', () => {
    expect(offered('1 + $upper|')).toMatchObject({ from: 4 })
    expect(names('$|')).toContain('$uppercase')
  })
  it('offers nothing inside of a string, after a string, or where nothing is known', () => {
    for (const text of ['"current_|', "plan = 'a.|", '"a\\"b|', '"a".|', "'team' |", 'nobody.|', 'steps.done.|', '|'])
      expect(offered(text), text).toBeNull()
  })
  it('offers only inside of the braces of a template', () => {
    const at = (text: string) => names(text, { mode: 'template' })
    expect(at('Hello customer.|')).toBeUndefined()
    expect(at('{{ a }} customer.|')).toBeUndefined()
    expect(at('{{|')).toContain('current_plan')
    expect(at('{{ a }} and {{ customer.|')).toContain('email')
    expect(at('{{ customer.| }} more')).toContain('email')
  })
})
