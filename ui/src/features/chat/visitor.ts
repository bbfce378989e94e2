/** What this browser keeps of the visitor: which conversation, the secret that opens it, and half-filled forms. */
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

function write(name: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(name)
    else localStorage.setItem(name, JSON.stringify(value))
  } catch {
    // Storage may be full or forbidden (an iframe of another site); the chat works on, without memory.
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

/** `unsent`: all that is filled in, which the server has not been told; else only what the server does not keep. */
export type FormDraft = { unsent: boolean; values: Record<string, unknown> }

export function loadFormDraft(checkpoint: string): FormDraft | null {
  const value = read(draftKey(checkpoint)) as Partial<FormDraft> | null
  return typeof value?.unsent === 'boolean' && typeof value.values === 'object' && value.values !== null
    ? { unsent: value.unsent, values: value.values }
    : null
}

export function saveFormDraft(checkpoint: string, draft: FormDraft | null): void {
  write(draftKey(checkpoint), draft)
}
