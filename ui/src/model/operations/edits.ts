/** What people do in the builder, as operations. */
import { freshId, titleOf, type Step, type StepId, type StepType, type WorkflowDocument } from '../document'
import { exitsOf, withExit } from '../exits'
import { edgesOf } from '../graph'
import { jsonEqual } from '../json'
import { CARD_HEIGHT, CARD_WIDTH, isAutomatic, positions } from '../layout'
import { strings } from '../strings'
import { guarding } from './apply'
import type { DocumentField, Operation } from './types'

const s = strings.operations
const ROW = CARD_HEIGHT + 76

/** A new step of a type, leading to `next`. */
export function newStep(type: StepType, next: StepId): Step {
  switch (type) {
    case 'tool_call':
      return { type, action: '', input: {}, next }
    case 'collect_form':
      return {
        type,
        prompt: '',
        form: {
          type: 'object',
          additionalProperties: false,
          properties: { email: { type: 'string', format: 'email', title: strings.newForm.email } },
          required: ['email'],
        },
        next,
      }
    case 'condition':
      return { type, branches: [{ when: '', next }], otherwise: next }
    case 'notify':
      return { type, channels: ['conversation'], body: '', next }
    case 'approval':
      return {
        type,
        summary: '',
        waiting_message: true,
        approvers: { roles: ['manager'] },
        timeout: { after: '4h', outcome: 'rejected' },
        on_approve: next,
        // Left open: what a no leads to is chosen, it is never the step that waits for the yes.
        on_reject: '',
      }
    case 'human_handoff':
      return { type, team: '', next }
    case 'end':
      return { type }
  }
}

/**
 * Where a step goes: on a connection, in front of the first one, where somebody puts it (`at`), or somewhere free.
 * Without `at` the layout places it for as long as it places all others.
 */
export type Place =
  | { from: StepId; exit: string; at?: [number, number] }
  | { before: StepId }
  | { at: [number, number] }
  | { near: [number, number] }
type Edit = { operation: Operation; id: StepId }
type Made = { id: StepId; make: (next: StepId) => Step }
type Spot = { position?: [number, number]; moved: Record<StepId, [number, number]> }

/** Adds a step. One that comes between others moves the rest down where cards were placed by hand. */
export function addStep(document: WorkflowDocument, place: Place, make: (next: StepId) => Step, wanted: string): Edit {
  const id = freshId(wanted, document.steps)
  const byHand = !isAutomatic(document) || ('at' in place && place.at !== undefined)
  const { position, moved }: Spot = byHand ? spotFor(document, place) : { moved: {} }
  const added = linked(document, place, { id, make: (next) => (position ? { ...make(next), position } : make(next)) })
  return {
    id,
    operation: {
      op: 'batch',
      name: 'from' in place || 'before' in place ? 'insert' : 'add',
      operations: byHand ? [...pinned(document), { op: 'move_steps', positions: moved }, ...added] : added,
    },
  }
}

/** The step, and what leads to it and from it. */
function linked(document: WorkflowDocument, place: Place, { id, make }: Made): Operation[] {
  const index = (of: StepId) => Object.keys(document.steps).indexOf(of)
  if ('before' in place)
    return [
      { op: 'add_step', id, step: make(place.before), index: index(place.before) },
      { op: 'set_document', field: 'start', value: id },
    ]
  if (!('from' in place)) return [{ op: 'add_step', id, step: make('') }]
  return [
    { op: 'add_step', id, step: make(targetOf(document, place) ?? ''), index: index(place.from) + 1 },
    { op: 'connect', id: place.from, exit: place.exit, target: id },
  ]
}

/** Where a way out leads now; none when nowhere or to a step that is not there. */
function targetOf(document: WorkflowDocument, { from, exit }: { from: StepId; exit: string }): StepId | null {
  const source = document.steps[from]
  const target = source ? exitsOf(source).find((way) => way.name === exit)?.target : null
  return target && Object.hasOwn(document.steps, target) ? target : null
}

/** Where the card goes among cards that were placed, and which of them make room. */
function spotFor(document: WorkflowDocument, place: Place): Spot {
  const spots = positions(document)
  if ('near' in place) return { position: freeSpot(place.near, spots), moved: {} }
  if ('before' in place)
    return { position: spots.get(place.before) ?? [0, 0], moved: pushedDown(document, place.before, spots, ROW) }
  if (!('from' in place)) return { position: place.at, moved: {} }
  const target = targetOf(document, place)
  const [sx, sy] = spots.get(place.from) ?? [0, 0]
  const [tx, ty] = (target !== null ? spots.get(target) : undefined) ?? [sx, sy + ROW]
  const below: [number, number] = ty > sy ? [tx, Math.max(ty, sy + ROW)] : [sx + CARD_WIDTH + 40, sy + ROW]
  return {
    position: target === null ? freeSpot(place.at ?? below, spots) : below,
    moved: target !== null && ty > sy ? pushedDown(document, target, spots, ROW) : {},
  }
}

/** The nearest place to the right that no card covers. */
function freeSpot([x, y]: [number, number], spots: Map<StepId, [number, number]>): [number, number] {
  const covered = (at: number) =>
    [...spots.values()].some(([cx, cy]) => Math.abs(cx - at) < CARD_WIDTH + 20 && Math.abs(cy - y) < CARD_HEIGHT + 20)
  let at = x
  while (covered(at)) at += CARD_WIDTH / 2
  return [at, y]
}

/** Positions that were automatic until now are written down, so that one moved card does not shuffle the others. */
function pinned(document: WorkflowDocument): Operation[] {
  if (Object.values(document.steps).every((step) => step.position)) return []
  return [{ op: 'move_steps', positions: Object.fromEntries(positions(document)) }]
}

function pushedDown(
  document: WorkflowDocument,
  first: StepId,
  spots: Map<StepId, [number, number]>,
  by: number,
): Record<StepId, [number, number]> {
  const top = spots.get(first)?.[1] ?? 0
  const edges = edgesOf(document)
  const moved: Record<StepId, [number, number]> = {}
  const queue = [first]
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    const [x, y] = spots.get(id) ?? [0, 0]
    if (Object.hasOwn(moved, id) || y < top) continue
    moved[id] = [x, y + by]
    for (const edge of edges) if (edge.from === id) queue.push(edge.to)
  }
  return moved
}

export function moveSteps(document: WorkflowDocument, moved: Record<StepId, [number, number]>): Operation {
  return { op: 'batch', name: 'move', operations: [...pinned(document), { op: 'move_steps', positions: moved }] }
}

export function removeSteps(ids: readonly StepId[]): Operation {
  return { op: 'batch', name: 'remove', operations: ids.map((id) => ({ op: 'remove_step', id })) }
}

/** Leaves every card to the layout, until somebody moves one. */
export function autoLayout(document: WorkflowDocument): Operation {
  return { op: 'move_steps', positions: Object.fromEntries(Object.keys(document.steps).map((id) => [id, null])) }
}

/** Copies steps into the document under free names; connections among them follow, those to steps not here are cut. */
export function pasteSteps(
  document: WorkflowDocument,
  steps: Record<StepId, Step>,
  offset: [number, number],
): { operation: Operation; ids: StepId[] } {
  const taken = new Set(Object.keys(document.steps))
  const names = new Map<StepId, StepId>()
  for (const id of Object.keys(steps)) {
    const fresh = freshId(id, taken)
    taken.add(fresh)
    names.set(id, fresh)
  }
  const target = (id: StepId | null) =>
    id === null ? null : (names.get(id) ?? (Object.hasOwn(document.steps, id) ? id : null))
  const automatic = isAutomatic(document)
  const operations: Operation[] = Object.entries(steps).map(([id, { position, ...step }]) => {
    let copy: Step = step
    for (const way of exitsOf(step)) if (way.target !== null) copy = withExit(copy, way.name, target(way.target))
    copy = guarding(copy, target)
    if (automatic) return { op: 'add_step', id: names.get(id) ?? id, step: copy }
    const [x, y] = position ?? [0, 0]
    return { op: 'add_step', id: names.get(id) ?? id, step: { ...copy, position: [x + offset[0], y + offset[1]] } }
  })
  return {
    operation: {
      op: 'batch',
      name: 'paste',
      operations: automatic ? operations : [...pinned(document), ...operations],
    },
    ids: [...names.values()],
  }
}

/** The chosen steps with the places they are drawn at, for copying. */
export function pickSteps(document: WorkflowDocument, ids: ReadonlySet<StepId>): Record<StepId, Step> {
  const spots = positions(document)
  return Object.fromEntries(
    Object.entries(document.steps)
      .filter(([id]) => ids.has(id))
      .map(([id, step]) => [id, { ...step, position: spots.get(id) ?? [0, 0] }]),
  )
}

/** The step the arrow keys lead to from here. */
export function neighbour(
  document: WorkflowDocument,
  id: StepId,
  direction: 'up' | 'down' | 'left' | 'right',
): StepId | null {
  const edges = edgesOf(document)
  const spots = positions(document)
  const x = (step: StepId) => spots.get(step)?.[0] ?? 0
  const y = (step: StepId) => spots.get(step)?.[1] ?? 0
  if (direction === 'down')
    return (
      edges.find((edge) => edge.from === id && y(edge.to) > y(id))?.to ??
      edges.find((edge) => edge.from === id)?.to ??
      null
    )
  if (direction === 'up') return edges.find((edge) => edge.to === id && y(edge.from) < y(id))?.from ?? null
  const side = Object.keys(document.steps).filter(
    (other) => other !== id && (direction === 'left' ? x(other) < x(id) : x(other) > x(id)),
  )
  const far = (other: StepId) => Math.abs(x(other) - x(id)) + 3 * Math.abs(y(other) - y(id))
  return side.sort((a, b) => far(a) - far(b))[0] ?? null
}

/** What an operation is called, as in `Undo: remove`. */
export function describe(document: WorkflowDocument, operation: Operation): string {
  switch (operation.op) {
    case 'batch':
      return s.batches[operation.name] ?? operation.name
    case 'set_document':
      return s.change(s.fields[operation.field])
    case 'set_field':
    case 'replace_step':
    case 'connect':
      return s.change(titleOf(operation.id, document.steps[operation.id]))
    case 'rename_step':
      return s.rename
    case 'add_step':
      return s.add
    case 'remove_step':
      return s.remove
    case 'move_steps':
    case 'put_steps':
      return s.move
  }
}

/** Makes the document equal to another one, as one thing to take back. */
export function replaceDocument(before: WorkflowDocument, next: WorkflowDocument): Operation {
  const fields = new Set(
    [...Object.keys(before), ...Object.keys(next)].filter(
      (field): field is DocumentField => field !== 'steps' && field !== 'schema' && field !== 'start',
    ),
  )
  const changed = [...fields].filter((field) => !jsonEqual(before[field], next[field]))
  const steps = Object.keys(next.steps)
  return {
    op: 'batch',
    name: 'replace',
    operations: [
      ...changed.map((field): Operation => ({ op: 'set_document', field, value: next[field] })),
      {
        op: 'put_steps',
        put: next.steps,
        drop: Object.keys(before.steps).filter((id) => !Object.hasOwn(next.steps, id)),
        order: steps,
        start: next.start,
      },
    ],
  }
}
