import type { WorkflowDocument } from '../document'
import { apply, invert } from './apply'
import { describe } from './edits'
import type { Operation } from './types'

type Entry = { name: string; key: string | null; at: number; undo: Operation; redo: Operation }

/** The document with what was done to it and what was taken back. */
export type History = { document: WorkflowDocument; past: readonly Entry[]; future: readonly Entry[] }

const PAST_MAX = 500
const SAME_EDIT_MS = 1200

export function startHistory(document: WorkflowDocument): History {
  return { document, past: [], future: [] }
}

/** Typing into one field within a moment is one thing to take back. */
function editKey(operation: Operation): string | null {
  if (operation.op === 'set_field') return `${operation.id}/${operation.path.join('/')}`
  return operation.op === 'set_document' ? operation.field : null
}

export function perform(history: History, operation: Operation, now: number): History {
  const document = apply(history.document, operation)
  if (document === history.document) return history
  const key = editKey(operation)
  const last = history.past.at(-1)
  if (last && key !== null && last.key === key && now - last.at < SAME_EDIT_MS && history.future.length === 0) {
    return { document, past: [...history.past.slice(0, -1), { ...last, at: now, redo: operation }], future: [] }
  }
  const entry = {
    name: describe(history.document, operation),
    key,
    at: now,
    undo: invert(history.document, operation),
    redo: operation,
  }
  return { document, past: [...history.past.slice(-(PAST_MAX - 1)), entry], future: [] }
}

export function undo(history: History): History {
  const entry = history.past.at(-1)
  if (!entry) return history
  return {
    document: apply(history.document, entry.undo),
    past: history.past.slice(0, -1),
    future: [entry, ...history.future],
  }
}

export function redo(history: History): History {
  const [entry, ...future] = history.future
  if (!entry) return history
  return { document: apply(history.document, entry.redo), past: [...history.past, { ...entry, key: null }], future }
}
