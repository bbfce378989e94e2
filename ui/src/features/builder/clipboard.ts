import { parse, stringify } from 'yaml'
import { STEP_TYPES, type Step, type StepId, type WorkflowDocument } from '@/model/document'
import { isObject } from '@/model/json'
import { positions } from '@/model/layout'
import { strings } from './shell-strings'

const s = strings.paste
const KEY = 'countersign.copied-steps'

type Steps = Record<StepId, Step>
/**
 * Steps kept in the tab, and what the browser's own clipboard was last seen to hold: only something newer goes before
 * them.
 */
type Kept = { text: string; seen: string }

let seen = ''
/** Where the browser keeps nothing for the tab, the page does. */
let here: Kept | null = null

function kept(): Kept | null {
  try {
    return (JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Kept | null) ?? here
  } catch {
    return here
  }
}

function keep(next: Kept | null): void {
  here = next
  try {
    if (next) sessionStorage.setItem(KEY, JSON.stringify(next))
    else sessionStorage.removeItem(KEY)
  } catch {
    // Full or switched off: gone with the page.
  }
}

/** Copies steps as text; tells whether they went to the browser's clipboard, or are kept within the tab. */
export async function copySteps(steps: Steps): Promise<'clipboard' | 'tab'> {
  const text = stringify({ steps })
  try {
    // Not there on plain http, refused where a policy or a person says so.
    await navigator.clipboard.writeText(text)
    keep(null)
    return 'clipboard'
  } catch {
    keep({ text, seen })
    return 'tab'
  }
}

/** What is to be pasted: what the clipboard holds, or what was copied within the tab after it. */
export function pasted(clipboard: string): string {
  const own = kept()
  const older = own !== null && (clipboard.trim() === '' || clipboard === own.seen || 'problem' in stepsIn(clipboard))
  seen = clipboard
  return older ? own.text : clipboard
}

/** The text of the clipboard where the page may read it, else nothing. */
export async function readClipboard(): Promise<string> {
  try {
    return await navigator.clipboard.readText()
  } catch {
    return ''
  }
}

/** Lists without which a step says nothing. */
const PARTS: Record<string, string> = { condition: 'branches', notify: 'channels' }

function problemOf(id: string, step: unknown): string | null {
  if (!isObject(step) || typeof step.type !== 'string') return s.noType(id)
  if (!STEP_TYPES.some((type) => type === step.type)) return s.badType(id, step.type, STEP_TYPES)
  const part = PARTS[step.type]
  return part === undefined || Array.isArray(step[part]) ? null : s.badStep(id, part)
}

/** Steps in a text: a whole document, `steps:` alone, or the steps themselves; else what is wrong with it. */
export function stepsIn(text: string): { steps: Steps } | { problem: string } {
  if (text.trim() === '') return { problem: s.empty }
  let value: unknown
  try {
    value = parse(text)
  } catch (error) {
    return { problem: s.noYaml((error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '') }
  }
  if (!isObject(value)) return { problem: s.noSteps }
  const bare = Object.values(value).every((step) => isObject(step) && 'type' in step)
  const steps: unknown = isObject(value.steps) ? value.steps : bare ? value : null
  if (!isObject(steps) || Object.keys(steps).length === 0) return { problem: s.noSteps }
  const problem = Object.entries(steps)
    .map(([id, step]) => problemOf(id, step))
    .find((found) => found !== null)
  return problem ? { problem } : { steps: steps as unknown as Steps }
}

/** The steps with a place each: hand-written ones have none, and are laid out from `at`. */
export function placed(document: WorkflowDocument, steps: Steps, at: [number, number]): Steps {
  const spots = positions({ ...document, start: Object.keys(steps)[0] ?? '', steps })
  const left = Math.min(...[...spots.values()].map(([x]) => x))
  const spot = (id: StepId): [number, number] => {
    const [x, y] = spots.get(id) ?? [0, 0]
    return [x - left + at[0], y + at[1]]
  }
  return Object.fromEntries(
    Object.entries(steps).map(([id, step]) => [id, { ...step, position: step.position ?? spot(id) }]),
  )
}
