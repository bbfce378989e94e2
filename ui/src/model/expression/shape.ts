/** What is known of values before they are there: from schemas and from samples. */
import type { WorkflowDocument } from '../document'
import { brief, isObject, type JsonObject } from '../json'
import { strings } from '../strings'

const s = strings.shape

export type Shape = {
  kind: string
  about?: string
  example?: string
  /** The texts it is one of. */
  choices?: readonly string[]
  members: Map<string, Shape>
}

const DEPTH_MAX = 6
const MEMBERS_MAX = 200

export function leaf(kind = 'any', about?: string): Shape {
  return { kind, about, members: new Map() }
}

/** The texts a schema lets choose from: `enum`, or `oneOf` of constants. */
function choicesIn(schema: JsonObject): readonly string[] | undefined {
  const constants = Array.isArray(schema.oneOf)
    ? schema.oneOf.map((one) => (isObject(one) ? one.const : undefined))
    : []
  const found = Array.isArray(schema.enum) ? schema.enum : constants
  return found.length > 0 && found.every((one) => typeof one === 'string') ? found : undefined
}

/** The shape a JSON Schema describes. */
function shapeOfSchema(schema: unknown, depth = 0): Shape {
  if (!isObject(schema)) return leaf()
  const kind = Array.isArray(schema.type)
    ? schema.type.filter((name): name is string => typeof name === 'string' && name !== 'null').join(s.or)
    : typeof schema.type === 'string'
      ? schema.type
      : isObject(schema.properties)
        ? 'object'
        : 'any'
  const shape = leaf(
    kind,
    typeof schema.title === 'string'
      ? schema.title
      : typeof schema.description === 'string'
        ? schema.description
        : undefined,
  )
  shape.choices = choicesIn(schema)
  if (depth >= DEPTH_MAX) return shape
  const inner = isObject(schema.properties)
    ? schema.properties
    : isObject(schema.items) && isObject(schema.items.properties)
      ? schema.items.properties
      : {}
  for (const [name, member] of Object.entries(inner).slice(0, MEMBERS_MAX))
    shape.members.set(name, shapeOfSchema(member, depth + 1))
  return shape
}

/** What an action gives, with the example its connector tells. */
function shapeOfOutput(schema: unknown): Shape {
  const shape = shapeOfSchema(schema)
  const example = isObject(schema) && Array.isArray(schema.examples) ? schema.examples[0] : undefined
  return isObject(example) ? merged(shape, { ...shapeOfValue(example), example: undefined }) : shape
}

/** The shape of a value at hand, with the value as example. */
export function shapeOfValue(value: unknown, depth = 0): Shape {
  const kind = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
  const shape: Shape = { ...leaf(kind), example: brief(value, 40) }
  if (depth >= DEPTH_MAX) return shape
  const source: unknown = Array.isArray(value) ? value.find(isObject) : value
  if (isObject(source))
    for (const [name, member] of Object.entries(source).slice(0, MEMBERS_MAX))
      shape.members.set(name, shapeOfValue(member, depth + 1))
  return shape
}

/** Both together; what the sample shows counts as example of what the schema says. */
export function merged(schema: Shape, sample: Shape): Shape {
  const members = new Map(schema.members)
  for (const [name, shape] of sample.members) {
    const known = members.get(name)
    members.set(name, known ? merged(known, shape) : shape)
  }
  return {
    kind: schema.kind === 'any' ? sample.kind : schema.kind,
    about: schema.about,
    example: sample.example,
    choices: schema.choices,
    members,
  }
}

function record(members: Record<string, Shape>, about?: string): Shape {
  return { kind: 'object', about, members: new Map(Object.entries(members)) }
}

/** Names an expression of this document can read, before any run: see `RunState::scope` in core. */
export function documentShape(document: WorkflowDocument, outputOf: (action: string) => unknown): Shape {
  const root = record({})
  for (const [name, value] of Object.entries(document.vars ?? {}))
    root.members.set(name, { ...shapeOfValue(value), about: s.variable })
  const steps = record({}, s.steps)
  for (const [id, step] of Object.entries(document.steps)) {
    if ('set' in step && isObject(step.set))
      for (const name of Object.keys(step.set))
        if (!root.members.has(name)) root.members.set(name, leaf('any', s.variable))
    const output = outputShape(step, outputOf)
    if (output) steps.members.set(id, record({ output, error: errorShape() }, step.title))
  }
  const text = (about: string) => leaf('string', about)
  root.members.set('steps', steps)
  root.members.set('input', { ...shapeOfSchema(document.input), about: s.input })
  root.members.set(
    'customer',
    record(
      {
        id: text(s.id),
        name: text(s.name),
        email: text(s.email),
        phone: text(s.phone),
        telegram: text(s.telegram),
        external_id: text(s.externalId),
      },
      s.customer,
    ),
  )
  root.members.set('conversation', record({ id: text(s.id), channel: text(s.channel) }, s.conversation))
  root.members.set(
    'trigger',
    record({ type: text(s.triggerType), text: text(s.triggerText), channel: text(s.channel) }, s.trigger),
  )
  root.members.set(
    'run',
    record(
      {
        id: text(s.id),
        workflow: text(s.workflow),
        version: leaf('number'),
        started_at: leaf('number', s.milliseconds),
      },
      s.run,
    ),
  )
  root.members.set('error', errorShape())
  return root
}

function errorShape(): Shape {
  return record({ class: leaf('string'), code: leaf('string'), message: leaf('string') }, s.error)
}

function outputShape(step: WorkflowDocument['steps'][string], outputOf: (action: string) => unknown): Shape | null {
  switch (step.type) {
    case 'tool_call':
      return shapeOfOutput(outputOf(step.action))
    case 'collect_form':
      return shapeOfSchema(step.form)
    case 'approval':
    case 'human_handoff':
      return record({
        outcome: leaf('string'),
        comment: leaf('string'),
        by: leaf('object'),
        ...(step.form === undefined ? {} : { values: shapeOfSchema(step.form) }),
      })
    case 'condition':
    case 'notify':
    case 'end':
      return null
  }
}

/** The shape at a path of names. */
export function shapeAt(root: Shape, path: readonly string[]): Shape | undefined {
  return path.reduce<Shape | undefined>((at, name) => at?.members.get(name), root)
}
