/** An input of an action is a value of its type, or computed by an expression. */
import { isObject, jsonEqual, type Json } from '../json'
import type { SchemaField } from '../schema'

export type Way = 'value' | 'expression'

export function hasExpression(value: Json | undefined): value is string {
  return typeof value === 'string' && value.includes('{{')
}

/** Whether the field's own control can show the value. */
function fits(field: SchemaField, value: Json): boolean {
  if (field.values) return field.values.some((one) => jsonEqual(one, value))
  if (field.fields) return isObject(value)
  if (field.item) return Array.isArray(value)
  return field.type === 'json' || typeof value === field.type
}

/** How the value is written; what the field's own control cannot show is shown as text. */
export function wayOf(field: SchemaField, value: Json | undefined): Way {
  return value !== undefined && (hasExpression(value) || !fits(field, value)) ? 'expression' : 'value'
}

/** The value as text of a template. */
export function inputText(value: Json | undefined): string {
  return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
}

/** What the text of a template says; without an expression in it, it is a value. */
export function readInput(field: SchemaField, text: string): Json | undefined {
  if (text === '') return undefined
  const plain = field.type === 'string' || field.values !== null
  if (text.includes('{{') || (plain && fits(field, text))) return text
  const value = parsed(text)
  return value === undefined ? text : value
}

/** The same value as an expression to go on from; nothing where there is none. */
export function asExpression(field: SchemaField, value: Json | undefined): Json | undefined {
  if (
    value === undefined ||
    hasExpression(value) ||
    (typeof value === 'string' && field.type === 'string' && !field.values)
  )
    return value
  const text = JSON.stringify(value)
  return text.includes('{{') ? undefined : `{{ ${text} }}`
}

/** The value an expression has whatever it is tried on, when it fits; nothing otherwise. */
export function asValue(field: SchemaField, value: Json | undefined): Json | undefined {
  const constant = hasExpression(value) ? parsed(/^\s*\{\{(.*)\}\}\s*$/s.exec(value)?.[1] ?? '') : value
  return constant !== undefined && !hasExpression(constant) && fits(field, constant) ? constant : undefined
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
