/**
 * The workflow document as `crates/core` writes it; the generated JSON Schema is served at
 * /api/v1/schemas/workflow.json.
 */
import type { Json, JsonObject } from './json'

export type StepId = string

type Retry = { attempts: number; backoff?: 'exponential' | 'constant'; initial?: string; max?: string }
type OnError = { next: StepId }
type WaitTimeout = { after: string; next: StepId }
export type Channel = 'conversation' | 'whatsapp' | 'telegram' | 'sms' | 'email'

type Common = { title?: string; position?: [number, number] }

export type ToolCall = Common & {
  type: 'tool_call'
  action: string
  connection?: string
  input?: Json
  set?: JsonObject
  retry?: Retry
  timeout?: string
  next: StepId
  on_error?: OnError
  unknown_outcome?: Approvers
}
export type CollectForm = Common & {
  type: 'collect_form'
  prompt?: string
  form: Json
  prefill?: JsonObject
  submit?: string
  set?: JsonObject
  next: StepId
  timeout?: WaitTimeout
  on_unusable?: { replies: number; next: StepId }
}
export type ConditionBranch = { when: string; next: StepId; label?: string }
export type Condition = Common & { type: 'condition'; branches: ConditionBranch[]; otherwise: StepId }
export type Notify = Common & {
  type: 'notify'
  channels: Channel[]
  delivery?: 'all' | 'first'
  to?: { phone?: string; email?: string; telegram?: string }
  subject?: string
  body: string
  template?: { name: string; language: string; parameters?: string[] }
  retry?: Retry
  timeout?: string
  next: StepId
  on_error?: OnError
  unknown_outcome?: Approvers
}
export type Approvers = {
  roles?: string[]
  users?: string[]
  quorum?: number
  exclude_requester?: boolean
  exclude_author?: boolean
  step_up?: { minutes: number; links_only?: boolean }
  counts?: Record<string, number>
  rejections?: number
  veto?: string[]
}
type ApprovalTimeout = {
  after: string
  outcome: 'approved' | 'rejected' | 'escalate'
  next?: StepId
  escalate_to?: string[]
}
export type Verdict = 'approved' | 'rejected' | 'changes'
export type Fact = { label: string; value: string; optional?: boolean }
export type Tier = { when: string; label?: string; approvers: Approvers }
export type Rung = { after: string; do: 'remind' | 'reassign' | 'escalate'; to?: string[] }
export type StandingLimits = {
  step: StepId
  field: string
  max: number
  when?: string
  per_day: number
  days: number
}
export type Approval = Common & {
  type: 'approval'
  summary: string
  facts?: Fact[]
  allow_empty?: boolean
  undo_seconds?: number
  /** What the customer reads meanwhile: `true` for the workspace's words. */
  waiting_message?: boolean | string
  guards?: StepId[]
  editable?: Record<StepId, string[]>
  form?: Json
  comment_required?: Verdict[]
  approvers?: Approvers
  tiers?: Tier[]
  calendar?: string
  ladder?: Rung[]
  remind_after?: string
  timeout?: ApprovalTimeout
  standing?: StandingLimits
  on_approve: StepId
  on_reject: StepId
  on_changes?: StepId | null
  changes_max?: number
}
export type Calendar = { time_zone: string; hours: Record<string, string[]>; holidays?: string[] }
export type HumanHandoff = Common & {
  type: 'human_handoff'
  team?: string
  note?: string
  message?: string
  form?: Json
  outcomes?: Record<string, { next: StepId }>
  next: StepId
  timeout?: WaitTimeout
}
export type End = Common & {
  type: 'end'
  status?: 'completed' | 'rejected' | 'failed'
  message?: string
  output?: Json
}

export type Step = ToolCall | CollectForm | Condition | Notify | Approval | HumanHandoff | End
export type StepType = Step['type']

export const STEP_TYPES: readonly StepType[] = [
  'tool_call',
  'collect_form',
  'condition',
  'notify',
  'approval',
  'human_handoff',
  'end',
]

/** How a signature is written, where it is not as usual. */
export type Signature = { header?: string; algorithm?: string; encoding?: string; prefix?: string }

export type Trigger =
  | { type: 'message'; when: string; id?: string }
  | { type: 'api' }
  | {
      type: 'webhook'
      path?: string
      verify?: string
      hmac?: Signature
      filter?: string
      input?: string
      dedup?: string
      respond?: 'accepted' | 'end'
      respond_within?: string
    }
  | {
      type: 'schedule'
      cron: string
      time_zone: string
      id?: string
      input?: Json
      missed?: string
      overlap?: string
    }
  | { type: 'manual' }

/** Roles, groups and addresses that are told of each failed run, and when so many of a hundred fail. */
export type Alerts = { tell: string[]; each?: boolean; percent?: number }

export type WorkflowDocument = {
  schema: number
  name: string
  description?: string
  case?: string
  triggers?: Trigger[]
  input?: Json
  vars?: JsonObject
  /** What the customer reads when a run fails: `true` for the workspace's words. */
  waiting_message?: boolean | string
  /** Who is told when runs fail. */
  alerts?: Alerts
  start: StepId
  step_limit?: number
  calendars?: Record<string, Calendar>
  steps: Record<StepId, Step>
}

/** The document inside an API answer; drafts may be half finished, so only the outline is made sure of. */
export function asDocument(value: unknown): WorkflowDocument {
  const source = (typeof value === 'object' && value !== null ? value : {}) as Partial<WorkflowDocument>
  return {
    ...source,
    schema: source.schema ?? 1,
    name: source.name ?? '',
    start: source.start ?? '',
    steps: source.steps ?? {},
  }
}

/** What people read on the card. */
export function titleOf(id: StepId, step: Step | undefined): string {
  return step?.title || id
}

const STEP_ID = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/

export function isStepId(text: string): boolean {
  return STEP_ID.test(text)
}

/** A free id made from a title or type. */
export function freshId(wanted: string, taken: ReadonlySet<string> | Record<string, unknown>): StepId {
  const has = (id: string) => (taken instanceof Set ? taken.has(id) : Object.hasOwn(taken, id))
  const cleaned = wanted
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 56)
  const base = isStepId(cleaned) ? cleaned : `step_${cleaned}`.slice(0, 56)
  if (!has(base)) return base
  for (let number = 2; ; number += 1) if (!has(`${base}_${number}`)) return `${base}_${number}`
}

/** The actions that its steps call. */
export function actionsOf(document: WorkflowDocument): string[] {
  return Object.values(document.steps).flatMap((step) => (step.type === 'tool_call' ? [step.action] : []))
}
