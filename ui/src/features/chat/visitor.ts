/** What this browser keeps of the visitor: which conversation, the secret that opens it, and half-filled forms. */
import { isObject } from '@/model/json'

export type Visitor = { conversation: string; token: string }

const key = (workspace: string) => `countersign.chat.${workspace}`
const draftKey = (checkpoint: string) => `countersign.form.${checkpoint}`

function read(name: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(name) ?? 'null') as unknown
  } catch {
    return null
  }
}

/** Whether it is kept: storage may be full or forbidden (an iframe of another site); the chat works on without. */
function write(name: string, value: unknown): boolean {
  try {
    if (value === null) localStorage.removeItem(name)
    else localStorage.setItem(name, JSON.stringify(value))
    return true
  } catch {
    return false
  }
}

export function loadVisitor(workspace: string): Visitor | null {
  const value = read(key(workspace)) as Partial<Visitor> | null
  return value && typeof value.conversation === 'string' && typeof value.token === 'string'
    ? { conversation: value.conversation, token: value.token }
    : null
}

export function saveVisitor(workspace: string, visitor: Visitor | null): void {
  write(key(workspace), visitor)
}

type Data = Record<string, unknown>

/**
 * `files`: those that are filled in, which the server does not keep. `unsent`: the rest, where the server was not told,
 * and what the server has meanwhile (`null` for nothing): what it goes on from, or what is on its way.
 */
export type FormDraft = { files: Data; unsent: { values: Data; after: (Data | null)[] } | null }

function isUnsent(value: unknown): boolean {
  if (!isObject(value) || !isObject(value.values) || !Array.isArray(value.after)) return false
  return value.after.every((one) => one === null || isObject(one))
}

/** What is kept of a form here; what nobody can read any more is removed. */
export function loadFormDraft(checkpoint: string): FormDraft | null {
  const value = read(draftKey(checkpoint))
  if (isObject(value) && isObject(value.files) && (value.unsent === null || isUnsent(value.unsent)))
    return value as FormDraft
  write(draftKey(checkpoint), null)
  return null
}

export function saveFormDraft(checkpoint: string, draft: FormDraft | null): void {
  const empty = draft === null || (draft.unsent === null && Object.keys(draft.files).length === 0)
  if (empty) write(draftKey(checkpoint), null)
  // Where there is no room for the files, the rest is kept.
  else if (!write(draftKey(checkpoint), draft)) write(draftKey(checkpoint), { ...draft, files: {} })
}
