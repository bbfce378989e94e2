/** Values an expression names, as people call them: what can be picked, and which parts of a text are such names. */
import { strings } from '../strings'
import type { Mode } from './complete'
import { shapeAt, type Shape } from './shape'

const s = strings.pick

export type Pickable = {
  path: string
  /** Under which heading it is found: a step's title, the customer, the variables. */
  group: string
  label: string
  kind: string
  about?: string
  example?: string
  depth: number
}
export type Pill = { from: number; to: number; path: string; label: string; kind: string; example?: string }

const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/
const NAME = '(?:[A-Za-z_][A-Za-z0-9_]*|`[^`]+`)'
const PATH = `${NAME}(?:\\.${NAME})*`
const DEPTH_MAX = 4
const PICKABLES_MAX = 600
const KEYWORDS = new Set(['and', 'or', 'in', 'true', 'false', 'null', 'function'])
const MESSAGE = ['text', 'channel', 'first']
const CALL = ['body', 'headers', 'query']
const ROOTS = ['output', 'input', 'customer', 'conversation', 'trigger', ...MESSAGE, ...CALL, 'run', 'error']

const written = (name: string): string => (PLAIN.test(name) ? name : `\`${name}\``)

/** A name as a person would write it: `order_id` is *Order id*. */
export function spoken(name: string): string {
  const words = name
    .replaceAll('_', ' ')
    .replace(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`)
  return words.replace(/^./, (letter) => letter.toUpperCase())
}

const kindWord = (kind: string): string => s.kinds[kind] ?? kind
const isLeaf = (shape: Shape): boolean => shape.members.size === 0

function below(shape: Shape, path: string, group: string, depth: number, found: Pickable[]): void {
  for (const [name, member] of shape.members) {
    if (found.length >= PICKABLES_MAX) return
    const here = `${path}.${written(name)}`
    found.push({ ...told(member, called(member, name)), path: here, group, depth })
    if (!isLeaf(member) && depth < DEPTH_MAX) below(member, here, group, depth + 1, found)
  }
}

const TITLE_MAX = 32

/** What a member is called: its title where it has a short one, else its name. */
function called(shape: Shape, name: string): string {
  return spoken(shape.about && shape.about.length <= TITLE_MAX ? shape.about : name)
}

function told(shape: Shape, name: string): Pick<Pickable, 'label' | 'kind' | 'about' | 'example'> {
  return { label: name, kind: kindWord(shape.kind), about: shape.about, example: shape.example }
}

/** What a step gave, under the step's title: a form's answers, an action's answer, a decision. */
function ofSteps(steps: Shape, found: Pickable[]): void {
  for (const [id, step] of steps.members) {
    const output = step.members.get('output')
    if (!output) continue
    const path = `steps.${written(id)}.output`
    const group = step.about ?? id
    found.push({ ...told(output, s.whole), path, group, depth: 0 })
    below(output, path, group, 1, found)
  }
}

/** Every value that can be picked, in the order people look for them: the steps, who it is about, the variables. */
export function pickables(root: Shape): Pickable[] {
  const found: Pickable[] = []
  const output = root.members.get('output')
  if (output) {
    found.push({ ...told(output, s.whole), path: 'output', group: s.groups.output ?? 'output', depth: 0 })
    below(output, 'output', s.groups.output ?? 'output', 1, found)
  }
  const steps = root.members.get('steps')
  if (steps) ofSteps(steps, found)
  for (const [name, member] of root.members)
    if (name !== 'steps' && !ROOTS.includes(name)) {
      found.push({ ...told(member, spoken(name)), path: written(name), group: s.variables, depth: 0 })
      below(member, written(name), s.variables, 1, found)
    }
  for (const name of ROOTS.slice(1)) {
    const member = root.members.get(name)
    const group = s.groups[name]
    if (!member || group === undefined) continue
    if (isLeaf(member)) found.push({ ...told(member, spoken(name)), path: name, group, depth: 0 })
    else below(member, name, group, 0, found)
  }
  return found
}

const names = (path: string): string[] =>
  (path.match(new RegExp(NAME, 'g')) ?? []).map((one) => one.replaceAll('`', ''))

/** What a path is called and holds; nothing when nobody knows it. */
function pillOf(root: Shape, path: string): Omit<Pill, 'from' | 'to'> | null {
  const parts = names(path)
  const shape = shapeAt(root, parts)
  if (!shape || parts.length === 0) return null
  const [first = '', id = '', part, ...rest] = parts
  const last = parts.length > 1 ? called(shape, parts.at(-1) ?? '') : spoken(first)
  let label: string
  if (first === 'steps') {
    if (part !== 'output') return null
    label = `${shapeAt(root, ['steps', id])?.about ?? id} › ${rest.length > 0 ? last : s.whole}`
  } else if (first === 'output') label = parts.length > 1 ? last : s.whole
  else label = parts.length > 1 ? `${s.groups[first] ?? spoken(first)} › ${last}` : last
  return { path, label, kind: kindWord(shape.kind), example: shape.example }
}

/** The names in an expression that stand outside of quotes and comments. */
function namesIn(text: string, offset: number, root: Shape): Pill[] {
  const found: Pill[] = []
  const token = new RegExp(
    `"(?:[^"\\\\]|\\\\.)*"?|'(?:[^'\\\\]|\\\\.)*'?|/\\*[\\s\\S]*?(?:\\*/|$)|[$@#][A-Za-z0-9_]*|\\d[\\w.]*|${PATH}`,
    'g',
  )
  for (const match of text.matchAll(token)) {
    const path = match[0]
    const after = text.slice(match.index + path.length)
    if (!new RegExp(`^${PATH}$`).test(path) || KEYWORDS.has(path)) continue
    // A function, the name of a member, or a part of something longer.
    if (/^\s*\(|^\s*:(?!=)|^[.[{]/.test(after) || /[.)\]}]\s*$/.test(text.slice(0, match.index))) continue
    const pill = pillOf(root, path)
    if (pill) found.push({ ...pill, from: offset + match.index, to: offset + match.index + path.length })
  }
  return found
}

/** The parts of a text to be shown as pills. In a template a plain name takes its braces along. */
export function pillsIn(text: string, mode: Mode, root: () => Shape): Pill[] {
  if (mode === 'expression') return text.trim() === '' ? [] : namesIn(text, 0, root())
  const found: Pill[] = []
  for (const match of text.matchAll(/\{\{([\s\S]*?)\}\}/g)) {
    const inner = match[1] ?? ''
    const plain = new RegExp(`^[ \\t]*(${PATH})[ \\t]*$`).exec(inner)?.[1]
    if (plain === undefined) {
      found.push(...namesIn(inner, match.index + 2, root()))
      continue
    }
    const pill = pillOf(root(), plain)
    if (pill) found.push({ ...pill, from: match.index, to: match.index + match[0].length })
  }
  return found
}

function isOpen(text: string, open: string, close: string): boolean {
  return text.lastIndexOf(open) > text.lastIndexOf(close)
}

/** What picking a value writes at a place of a text: within an expression the name alone. `json`: within JSON text. */
export function insertion(text: string, at: number, mode: Mode, path: string, json = false): string {
  const before = text.slice(0, at)
  if (mode === 'expression' || isOpen(before, '{{', '}}')) return path
  const quotes = json ? (before.match(/(?<!\\)"/g) ?? []).length : 1
  return quotes % 2 === 0 ? `"{{ ${path} }}"` : `{{ ${path} }}`
}
