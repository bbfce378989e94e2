/** What an approver adds to a yes: which fields of a request may be changed, and what was changed. */
import { getAt, isObject, jsonEqual, pointerParts, type JsonObject } from './json'

/** One place of a guarded request that may be changed. `key` is its name in the form. */
export type EditField = { key: string; step: string; pointer: string; value: unknown; schema: JsonObject }

type Guarded = { step: string; title: string; action: string; input?: unknown }

/** The schema of one place within the schema of a whole input; undefined where it says nothing of it. */
function schemaAt(schema: unknown, parts: readonly string[]): JsonObject | undefined {
  let at: unknown = schema
  for (const part of parts) {
    if (!isObject(at)) return undefined
    const inner: unknown = isObject(at.properties) ? at.properties[part] : undefined
    at = inner ?? (/^\d+$/.test(part) ? at.items : undefined)
  }
  return isObject(at) ? at : undefined
}

function kindOf(value: unknown): JsonObject {
  if (typeof value === 'number' || typeof value === 'boolean') return { type: typeof value }
  return { type: 'string' }
}

/** The fields that may be changed, in the order of the step; their schemas are those of the actions. */
export function editFields(
  requests: readonly Guarded[],
  editable: Readonly<Record<string, readonly string[]>>,
  inputOf: (action: string) => unknown,
): EditField[] {
  const several = requests.filter((one) => (editable[one.step] ?? []).length > 0).length > 1
  return requests
    .flatMap((request) =>
      (editable[request.step] ?? []).map((pointer) => {
        const parts = pointerParts(pointer)
        const value = getAt(request.input, parts)
        const found = schemaAt(inputOf(request.action), parts) ?? kindOf(value)
        const own = typeof found.title === 'string' ? found.title : (parts.at(-1) ?? pointer).replaceAll('_', ' ')
        const title = several ? `${request.title}: ${own}` : own
        return { key: `${request.step} ${pointer}`, step: request.step, pointer, value, schema: { ...found, title } }
      }),
    )
    .map((field, index) => ({ ...field, key: `e${index}` }))
}

/** The form of these fields. What has a value now must keep one. */
export function editSchema(fields: readonly EditField[]): JsonObject {
  return {
    type: 'object',
    required: fields.filter((field) => field.value !== undefined).map((field) => field.key),
    properties: Object.fromEntries(fields.map((field) => [field.key, field.schema])),
  }
}

/** What stands in the fields before anybody changed anything. */
export function editValues(fields: readonly EditField[]): Record<string, unknown> {
  return Object.fromEntries(
    fields.filter((field) => field.value !== undefined).map((field) => [field.key, field.value]),
  )
}

/** What was changed, as a decision carries it; undefined when nothing was. */
export function editsOf(
  fields: readonly EditField[],
  values: Readonly<Record<string, unknown>>,
): Record<string, Record<string, unknown>> | undefined {
  const edits: Record<string, Record<string, unknown>> = {}
  for (const field of fields) {
    const next = values[field.key]
    if (next === undefined || jsonEqual(next, field.value)) continue
    edits[field.step] = { ...edits[field.step], [field.pointer]: next }
  }
  return Object.keys(edits).length > 0 ? edits : undefined
}
