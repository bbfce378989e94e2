/** A condition as rules and as JSONata text, both ways. */
import jsonata from 'jsonata'
import type { RuleGroupType, RuleType } from 'react-querybuilder'
import { formatQuery } from 'react-querybuilder/formatQuery'

const COMPARISONS = ['=', '!=', '>', '>=', '<', '<='] as const

/** Operators the rules offer; each has a JSONata form. */
export const OPERATORS = [...COMPARISONS, 'contains', 'in', 'missing', 'null'] as const
export type Operator = (typeof OPERATORS)[number]

/** What of the syntax tree matters here. */
type Node = {
  type: string
  value?: unknown
  lhs?: Node
  rhs?: Node
  steps?: Node[]
  expressions?: Node[] | Node
  procedure?: Node
  arguments?: Node[]
  predicate?: unknown
  stages?: unknown
  keepArray?: unknown
  expression?: Node
}

/** A plain path of names, as text. */
function pathOf(node: Node | undefined): string | null {
  if (node?.type !== 'path' || node.keepArray) return null
  const names = (node.steps ?? []).map((step) =>
    step.type === 'name' && !step.predicate && !step.stages && /^[A-Za-z_][A-Za-z0-9_]*$/.test(String(step.value))
      ? String(step.value)
      : null,
  )
  return names.includes(null) ? null : names.join('.')
}

/** What a rule is about: a plain path, or the number a text at a path says. */
function fieldOf(node: Node | undefined): string | null {
  if (node?.type !== 'function' || node.procedure?.value !== 'number' || node.predicate) return pathOf(node)
  const path = node.arguments?.length === 1 ? pathOf(node.arguments[0]) : null
  return path === null ? null : asNumber(path)
}

/** The number that a text says. */
export const asNumber = (path: string): string => `$number(${path})`

/** The path in what `asNumber` made; `null` for any other field. */
export const numberOf = (field: string): string | null => /^\$number\((.*)\)$/.exec(field)?.[1] ?? null

/** A value written out. */
function literalOf(node: Node | undefined): { value: unknown } | null {
  if (!node || node.predicate || node.stages) return null
  if (node.type === 'string' || node.type === 'number' || node.type === 'value') return { value: node.value }
  const items =
    node.type === 'unary' && node.value === '[' && Array.isArray(node.expressions)
      ? node.expressions.map(literalOf)
      : null
  return items && !items.includes(null) ? { value: items.map((item) => item?.value) } : null
}

/** The parts of `a or b or c`. */
const alternatives = (node: Node | undefined): (Node | undefined)[] =>
  node?.type === 'binary' && node.value === 'or' ? [...alternatives(node.lhs), node.rhs] : [node]

/** The field of a rule that asks whether it is missing: absent or an empty list, null, or an empty text. */
function missingOf(node: Node): string | null {
  const [none, nothing, blank, ...more] = alternatives(node)
  const field = fieldOf(none?.lhs?.type === 'function' ? none.lhs.arguments?.[0] : undefined)
  if (field === null || more.length > 0 || none?.value !== '=' || none.lhs?.procedure?.value !== 'count') return null
  const compares = (one: Node | undefined, value: unknown) =>
    one?.type === 'binary' && one.value === '=' && fieldOf(one.lhs) === field && literalOf(one.rhs)?.value === value
  return literalOf(none.rhs)?.value === 0 && compares(nothing, null) && compares(blank, '') ? field : null
}

function ruleOf(node: Node): RuleType | null {
  if (node.type === 'function' && node.procedure?.value === 'contains' && node.arguments?.length === 2) {
    const field = fieldOf(node.arguments[0])
    const literal = literalOf(node.arguments[1])
    return field !== null && typeof literal?.value === 'string'
      ? { field, operator: 'contains', value: literal.value }
      : null
  }
  const field = node.type === 'binary' ? fieldOf(node.lhs) : null
  const literal = literalOf(node.rhs)
  if (field === null || !literal) return null
  const { value } = literal
  if (node.value === 'in') return Array.isArray(value) ? { field, operator: 'in', value } : null
  if (!COMPARISONS.some((one) => one === node.value) || Array.isArray(value)) return null
  if (value === null) return node.value === '=' ? { field, operator: 'null', value } : null
  return { field, operator: String(node.value), value }
}

function anyOf(node: Node): RuleGroupType | RuleType | null {
  if (node.type === 'block' && Array.isArray(node.expressions) && node.expressions.length === 1 && !node.predicate)
    return anyOf(node.expressions[0] as Node)
  const missing = missingOf(node)
  if (missing !== null) return { field: missing, operator: 'missing', value: null }
  if (node.type !== 'binary' || (node.value !== 'and' && node.value !== 'or')) return ruleOf(node)
  const combinator = node.value
  const sides = [node.lhs, node.rhs].map((side) => (side ? anyOf(side) : null))
  if (sides.includes(null)) return null
  // `a and b and c` is one list; brackets do not change what it says.
  return {
    combinator,
    rules: sides.flatMap((side) =>
      side && 'rules' in side && side.combinator === combinator ? side.rules : side ? [side] : [],
    ),
  }
}

/** The rules a text says, when rules can say it; `null` when something would be lost. */
export function rulesOf(text: string): RuleGroupType | null {
  if (text.trim() === '') return { combinator: 'and', rules: [] }
  try {
    const found = anyOf(jsonata(text).ast() as unknown as Node)
    return found === null ? null : 'rules' in found ? found : { combinator: 'and', rules: [found] }
  } catch {
    return null
  }
}

/** Each rule with an id made of its place: its fields are not drawn anew under the hands of who types in them. */
export function withIds(group: RuleGroupType, id = 'r'): RuleGroupType {
  const rules = group.rules.map((rule, at) => {
    if (typeof rule === 'string') return rule
    const own = `${id}.${at}`
    return 'rules' in rule ? withIds(rule, own) : { ...rule, id: own }
  })
  return { ...group, id, rules } as RuleGroupType
}

/** One rule as text. Strings are written as JSON does, which JSONata reads: the library leaves some unescaped. */
function ruleText({ field, operator, value, valueSource }: RuleType): string {
  const literal = valueSource === 'field' ? String(value) : JSON.stringify(value ?? null)
  if (operator === 'contains') return `$contains(${field}, ${literal})`
  if (operator === 'in') return `${field} in ${JSON.stringify(Array.isArray(value) ? value : [value])}`
  if (operator === 'missing') return `($count(${field}) = 0 or ${field} = null or ${field} = "")`
  if (operator === 'null') return `${field} = null`
  return `${field} ${operator} ${literal}`
}

/** The text of rules; empty rules are an empty text. */
export function textOf(rules: RuleGroupType): string {
  return rules.rules.length === 0
    ? ''
    : formatQuery(rules, { format: 'jsonata', fallbackExpression: 'true', ruleProcessor: ruleText })
}

export type ValueKind = 'text' | 'number' | 'boolean'

export function kindOfValue(value: unknown): ValueKind {
  return typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'text'
}

/** What was written, as a value of the kind. */
export function valueAs(kind: ValueKind, written: string): string | number | boolean {
  if (kind === 'boolean') return written === 'true'
  const number = Number(written)
  return kind === 'number' && written.trim() !== '' && Number.isFinite(number) ? number : written
}

const KINDS: Record<string, ValueKind> = { string: 'text', number: 'number', integer: 'number', boolean: 'boolean' }

type Member = { kind: string; example?: string; choices?: readonly string[]; members: Map<string, unknown> }
type Members = { kind: string; members: Map<string, Member> }

/** Whether a sample is a number written as text, as amounts often are. */
const saysNumber = (example: string | undefined) => example !== undefined && /^-?\d+(\.\d+)?$/.test(example)

/** Every leaf of a shape, as a path. */
function* leavesOf(shape: Members, before = '', depth = 0): Generator<[string, Member]> {
  for (const [name, member] of shape.members) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) continue
    const path = before === '' ? name : `${before}.${name}`
    if (member.members.size === 0 || depth >= 4) yield [path, member]
    else yield* leavesOf(member as Members, path, depth + 1)
  }
}

/** What rules may compare, with its kind where that is known. */
export function leaves(shape: Members): Map<string, ValueKind | undefined> {
  const found = new Map<string, ValueKind | undefined>()
  for (const [path, { kind, example }] of leavesOf(shape)) {
    found.set(path, KINDS[kind])
    if (KINDS[kind] === 'text' && saysNumber(example)) found.set(asNumber(path), 'number')
  }
  return found
}

/** What is one of a few, and of which. */
export function choicesOf(shape: Members): Map<string, readonly string[]> {
  return new Map([...leavesOf(shape)].flatMap(([path, { choices }]) => (choices ? [[path, choices] as const] : [])))
}

const isNumber = (text: string) => text.trim() !== '' && Number.isFinite(Number(text))

/** How a rule compares what is not of one kind, which is never true: the kind of the field, and of the value. */
export function mismatch(
  { operator, value }: RuleType,
  kind: ValueKind | undefined,
): { field: ValueKind | undefined; value: ValueKind } | null {
  if (!COMPARISONS.some((one) => one === operator) || value === null || value === '') return null
  const given = kindOfValue(value)
  if (kind !== undefined) return kind === given ? null : { field: kind, value: given }
  return given === 'text' && isNumber(String(value)) ? { field: undefined, value: given } : null
}
