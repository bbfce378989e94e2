/** Data an expression is tried on. */
import { isObject, type Json, type JsonObject } from '../json'
import type { WorkflowDocument } from '../document'
import { strings } from '../strings'

export type Sample =
  | { source: 'run'; started_at: number; data: JsonObject; kept: number }
  | { source: 'edited'; data: JsonObject; kept: 0 }
  | { source: 'none'; data: JsonObject; kept: number }

type Visit = { step: string; output?: unknown; error?: unknown }
type Start = { trigger?: unknown; customer?: unknown; conversation?: unknown }
type Run = {
  id: string
  workflow?: { id: string }
  version?: number
  started_at?: number
  input?: unknown
  vars?: Record<string, unknown>
  steps: readonly Visit[]
}

/** The data with what steps answered when they were tried. */
export function withKept(data: JsonObject, kept: readonly { id: string; value: Json }[]): JsonObject {
  const steps = isObject(data.steps) ? data.steps : {}
  const own = (id: string) => (isObject(steps[id]) ? steps[id] : {})
  const more = kept.map(({ id, value }) => [id, { ...own(id), output: value }] as const)
  return kept.length === 0 ? data : { ...data, steps: { ...steps, ...Object.fromEntries(more) } }
}

/** What expressions of a run saw at its end; see `RunState::scope` in core. */
export function scopeOfRun(run: Run, start: Start): JsonObject {
  const steps: Record<string, Record<string, unknown>> = {}
  for (const visit of run.steps) {
    const kept = { ...steps[visit.step] }
    if (visit.output !== undefined && visit.output !== null) kept.output = visit.output
    if (visit.error !== undefined && visit.error !== null) kept.error = visit.error
    steps[visit.step] = kept
  }
  return {
    ...run.vars,
    input: run.input ?? null,
    steps,
    customer: start.customer ?? null,
    conversation: start.conversation ?? null,
    trigger: start.trigger ?? null,
    run: {
      id: run.id,
      workflow: run.workflow?.id ?? null,
      version: run.version ?? null,
      started_at: run.started_at ?? null,
    },
  } as JsonObject
}

/** Something to begin with when there is no run yet: the variables as they start. */
export function scopeOfDocument(document: WorkflowDocument): JsonObject {
  return {
    ...(document.vars ?? {}),
    input: {},
    steps: {},
    customer: { name: strings.sample.name, email: strings.sample.email },
    conversation: { channel: 'web' },
    trigger: { type: 'manual' },
    run: {},
  }
}

/** The scope inside `set` of a step: `output` is what the step just gave. */
export function withOutput(data: JsonObject, step: string): JsonObject {
  const steps = data.steps
  const own = isObject(steps) ? steps[step] : undefined
  return isObject(own) && own.output !== undefined ? { ...data, output: own.output } : data
}

/** What the condition of a message trigger reads. */
export function messageScope(data: JsonObject): JsonObject {
  const trigger = isObject(data.trigger) ? data.trigger : {}
  return {
    text: trigger.text ?? strings.sample.text,
    channel: trigger.channel ?? 'web',
    first: true,
    customer: data.customer ?? null,
    conversation: data.conversation ?? null,
  }
}

/** What expressions of a webhook trigger read. */
export function callScope(data: JsonObject): JsonObject {
  const trigger = isObject(data.trigger) ? data.trigger : {}
  return { body: trigger.body ?? {}, headers: trigger.headers ?? {}, query: trigger.query ?? {} }
}

/** The place in a JavaScript text of a byte in its UTF-8 form. */
export function indexOfByte(text: string, byte: number): number {
  let left = byte
  let index = 0
  for (const letter of text) {
    if (left <= 0) return index
    const code = letter.codePointAt(0) ?? 0
    left -= code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
    index += letter.length
  }
  return index
}
