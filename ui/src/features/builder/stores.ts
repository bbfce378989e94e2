import { ApiProblem, problemText } from '@/api/client'
import type { Diagnostic, Workflow } from '@/api/types'
import type { Marks } from '@/components/canvas/project'
import { Autosave, type SaveAnswer, type SaveState } from '@/model/autosave'
import { asDocument, type StepId, type StepType, type WorkflowDocument } from '@/model/document'
import { jsonEqual, pointerParts, type JsonObject } from '@/model/json'
import type { Place } from '@/model/operations/edits'
import * as history from '@/model/operations/history'
import type { History } from '@/model/operations/history'
import type { Operation } from '@/model/operations/types'
import { later } from '@/ui/later'
import { createStore, type Store } from '@/ui/store'
import { writes } from './api'

const CHECK_PAUSE_MS = 350

/** What is looked at: not part of the document, not undone. */
export type View = {
  selected: ReadonlySet<StepId>
  edge: string | null
  problems: boolean
  adding: Place | 'anywhere' | null
  focus: string | null
  /** The kind of step the guide points at. */
  pointed: StepType | null
  /** Whether somebody is typing an expression. */
  typing: boolean
  /** YAML being written, and the draft it began from. */ text: { text: string; of: WorkflowDocument } | null
}

/** One open draft: the document with its history, the view onto it, and how it is kept on the server. */
export type Builder = {
  id: string
  history: Store<History>
  view: Store<View>
  saving: Store<SaveState<WorkflowDocument>>
  diagnostics: Store<{ list: Diagnostic[]; checking: boolean }>
  /** Data a person wrote to try expressions on; nothing means a run. */
  sample: Store<JsonObject | null>
  /** The run somebody chose to try them on; nothing means the newest. */
  sampleRun: Store<string | null>
  perform: (operation: Operation) => void
  undo: () => void
  redo: () => void
  select: (ids: Iterable<StepId>) => void
  show: (change: Partial<View>) => void
  flush: () => Promise<void>
  settle: (keep: 'mine' | 'theirs') => Promise<void>
  unsaved: () => boolean
  /** The draft as the server has it. */
  kept: () => WorkflowDocument
  /** Gives up what is not saved. */
  giveUp: () => void
  /** Starts following changes; returns how to stop. */
  follow: () => () => void
}

function conflictOf(problem: ApiProblem): SaveAnswer<WorkflowDocument> | null {
  if (problem.status !== 409 && problem.status !== 412) return null
  const { current } = problem.problem
  if (!current) return null
  return { ok: false, conflict: { document: asDocument(current.draft), revision: current.draft_revision } }
}

/** Refusals that stay the same; signing in again elsewhere, or waiting, helps against the others. */
function isFinal({ status }: ApiProblem): boolean {
  return status >= 400 && status < 500 && ![401, 408, 429].includes(status)
}

async function saveDraft(
  id: string,
  document: WorkflowDocument,
  revision: number,
  onSaved: (workflow: Workflow) => void,
): Promise<SaveAnswer<WorkflowDocument>> {
  try {
    const saved = await writes.saveDraft(id, { document }, `"${revision}"`)
    onSaved(saved)
    return { ok: true, revision: saved.draft_revision }
  } catch (error) {
    return (
      (error instanceof ApiProblem ? conflictOf(error) : null) ?? {
        ok: false,
        message: problemText(error),
        final: error instanceof ApiProblem && isFinal(error),
      }
    )
  }
}

export function createBuilder(workflow: Workflow, onSaved: (workflow: Workflow) => void): Builder {
  const past = createStore(history.startHistory(asDocument(workflow.draft)))
  const view = createStore<View>({
    selected: new Set(),
    edge: null,
    problems: false,
    adding: null,
    focus: null,
    pointed: null,
    typing: false,
    text: null,
  })
  const saving = createStore<SaveState<WorkflowDocument>>({ kind: 'saved', revision: workflow.draft_revision })
  const diagnostics = createStore({ list: workflow.diagnostics, checking: false })
  let kept = past.get().document
  const autosave = new Autosave<WorkflowDocument>({
    revision: workflow.draft_revision,
    save: async (document, revision) => {
      const answer = await saveDraft(workflow.id, document, revision, onSaved)
      if (answer.ok) kept = document
      return answer
    },
    onState: saving.set,
    later,
    // As it was sent: what is undefined is not.
    same: (theirs, mine) => jsonEqual(theirs, JSON.parse(JSON.stringify(mine))),
  })

  let checks = 0
  let cancelCheck: (() => void) | undefined
  const check = () => {
    const mine = ++checks
    writes.check({ document: past.get().document }).then(
      (answer) => mine === checks && diagnostics.set({ list: answer.diagnostics, checking: false }),
      () => mine === checks && diagnostics.set((old) => ({ ...old, checking: false })),
    )
  }
  const changed = () => {
    autosave.push(past.get().document)
    diagnostics.set((old) => ({ ...old, checking: true }))
    cancelCheck?.()
    cancelCheck = later(check, CHECK_PAUSE_MS)
  }
  const change = (make: (old: History) => History) => {
    const before = past.get().document
    past.set(make)
    const { document } = past.get()
    if (document === before) return
    view.set((old) => {
      const selected = [...old.selected].filter((id) => Object.hasOwn(document.steps, id))
      return selected.length === old.selected.size ? old : { ...old, selected: new Set(selected) }
    })
    changed()
  }
  return {
    id: workflow.id,
    history: past,
    view,
    saving,
    diagnostics,
    sample: createStore<JsonObject | null>(null),
    sampleRun: createStore<string | null>(null),
    perform: (operation) => change((old) => history.perform(old, operation, Date.now())),
    undo: () => change(history.undo),
    redo: () => change(history.redo),
    select: (ids) => view.set((old) => ({ ...old, selected: new Set(ids), edge: null, focus: null })),
    show: (next) => view.set((old) => ({ ...old, ...next })),
    flush: () => autosave.flush(),
    settle: async (keep) => {
      const state = saving.get()
      if (state.kind !== 'conflict') return
      if (keep === 'theirs') past.set(history.startHistory(state.theirs.document))
      await autosave.settle(past.get().document)
      check()
    },
    unsaved: () => autosave.unsaved,
    kept: () => kept,
    giveUp: () => autosave.dispose(),
    follow: () => {
      const guard = (event: BeforeUnloadEvent) => autosave.unsaved && event.preventDefault()
      const online = () => void autosave.flush()
      window.addEventListener('beforeunload', guard)
      window.addEventListener('online', online)
      return () => {
        window.removeEventListener('beforeunload', guard)
        window.removeEventListener('online', online)
        cancelCheck?.()
        void autosave.flush()
      }
    },
  }
}

/** How many errors and warnings each step has. */
export function marksOf(diagnostics: readonly Diagnostic[]): Marks {
  const marks: Marks = new Map()
  for (const { pointer, severity } of diagnostics) {
    const [part, id] = pointerParts(pointer)
    if (part !== 'steps' || id === undefined) continue
    if (severity === 'info') continue
    const mark = marks.get(id) ?? { errors: 0, warnings: 0 }
    marks.set(
      id,
      severity === 'error' ? { ...mark, errors: mark.errors + 1 } : { ...mark, warnings: mark.warnings + 1 },
    )
  }
  return marks
}
