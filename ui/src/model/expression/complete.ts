import { FUNCTIONS } from './functions'
import { shapeAt, type Shape } from './shape'

export type Mode = 'expression' | 'template'
type Option = {
  label: string
  insert: string
  detail: string
  info?: string
  kind: 'variable' | 'property' | 'function'
}
type Completion = { from: number; options: Option[] }

/** The part of a template the cursor is in, when that is an expression. */
function expressionAround(text: string, at: number): { from: number; to: number } | null {
  const open = text.lastIndexOf('{{', at - 1)
  if (open < 0 || open + 2 > at) return null
  const close = text.indexOf('}}', open + 2)
  if (close >= 0 && close < at) return null
  return { from: open + 2, to: close < 0 ? text.length : close }
}

/** Whether the cursor is inside quotes. */
function quoted(text: string): boolean {
  let open: string | null = null
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] as string
    if (open !== null) {
      if (letter === '\\') at += 1
      else if (letter === open) open = null
    } else if (letter === '"' || letter === "'") open = letter
  }
  return open !== null
}

const NAME = '(?:[A-Za-z_][A-Za-z0-9_]*|`[^`]*`)(?:\\[[^\\]]*\\])?'
const PATH = new RegExp(`${NAME}(?:\\.${NAME})*\\.?[A-Za-z0-9_]*$`)
const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/

function written(name: string): string {
  return PLAIN.test(name) ? name : `\`${name}\``
}

function membersOf(shape: Shape, kind: Option['kind']): Option[] {
  return [...shape.members].map(([name, member]) => ({
    label: name,
    insert: written(name),
    detail: member.example ?? member.kind,
    info: member.about,
    kind,
  }))
}

/** What can be written at the cursor; `null` where nothing is to be offered. `asked` is an explicit request. */
export function completionAt(text: string, at: number, mode: Mode, root: Shape, asked: boolean): Completion | null {
  const region = mode === 'template' ? expressionAround(text, at) : { from: 0, to: text.length }
  if (!region) return null
  const before = text.slice(region.from, at)
  if (quoted(before)) return null
  const call = /\$([A-Za-z0-9]*)$/.exec(before)
  if (call) {
    const options = Object.entries(FUNCTIONS).map(([name, [args, help]]): Option => ({
      label: `$${name}`,
      insert: `$${name}(`,
      detail: `(${args})`,
      info: help,
      kind: 'function',
    }))
    return { from: at - call[0].length, options }
  }
  const path = PATH.exec(before)?.[0] ?? ''
  const parts = path.split('.').map((part) => part.replace(/\[[^\]]*\]$/, '').replaceAll('`', ''))
  const typed = parts.pop() ?? ''
  if (parts.length === 0 && typed === '' && !asked && mode === 'expression') return null
  const shape = shapeAt(root, parts)
  if (!shape) return null
  const options = membersOf(shape, parts.length === 0 ? 'variable' : 'property')
  if (parts.length > 0 && options.length === 0) return null
  return { from: at - typed.length, options }
}
