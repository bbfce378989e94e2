import type { Json } from '../json'
import type { Step, StepId, WorkflowDocument } from '../document'

/** Top-level parts of the document an edit may replace. */
export type DocumentField = Exclude<keyof WorkflowDocument, 'schema' | 'steps'>

/** Every way the document can change. Undo, autosave and the record of an edit are made of these. */
export type Operation =
  | { op: 'set_document'; field: DocumentField; value: unknown }
  | { op: 'add_step'; id: StepId; step: Step; index?: number }
  | { op: 'remove_step'; id: StepId }
  | { op: 'rename_step'; from: StepId; to: StepId }
  | { op: 'set_field'; id: StepId; path: readonly (string | number)[]; value: Json | undefined }
  | { op: 'replace_step'; id: StepId; step: Step }
  | { op: 'connect'; id: StepId; exit: string; target: StepId | null }
  /** Where cards stand; `null` leaves a card to the layout. */
  | { op: 'move_steps'; positions: Record<StepId, [number, number] | null> }
  /** The exact way back: these steps as given, those gone, in this order, from this start. */
  | { op: 'put_steps'; put: Record<StepId, Step>; drop: StepId[]; order: StepId[]; start: StepId }
  | { op: 'batch'; name: string; operations: Operation[] }
