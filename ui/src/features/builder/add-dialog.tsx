import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useReactFlow } from '@xyflow/react'
import { Command } from 'cmdk'
import { useRef, useState } from 'react'
import { problemText } from '@/api/client'
import { queries } from '@/api/queries'
import type { ActionSpec } from '@/api/types'
import { kindView } from '@/components/canvas/kinds/registry'
import { strings as shared } from '@/components/strings'
import { answersBefore } from '@/model/answers'
import { STEP_TYPES, titleOf, type Step, type StepId, type WorkflowDocument } from '@/model/document'
import { exitsOf } from '@/model/exits'
import type { JsonObject } from '@/model/json'
import { schemaFields } from '@/model/schema'
import { addStep, newStep, type Place } from '@/model/operations/edits'
import { wordRank } from '@/model/word-rank'
import { useBuilder, useDocument, useView } from './context'
import { useFirstFound, useFoundActions } from './find-actions'
import type { Builder } from './stores'
import { strings } from './strings'
import { cx } from '@/ui/cx'
import { toast } from '@/ui/toast'

const s = strings.addDialog
const ITEM =
  'flex min-h-9 cursor-pointer items-center gap-2.5 rounded-md px-2 py-1 text-sm data-[selected=true]:bg-hover'
const GROUP =
  '[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1 [&_[cmdk-group-heading]]:text-xs ' +
  '[&_[cmdk-group-heading]]:text-faint'

/**
 * Where a step goes when nobody said: after the selected one, on its first way out that leads nowhere, else its first.
 * What a no leads to is chosen by a person, never by the way.
 */
export function placeFor(builder: Builder, centre: [number, number]): Place {
  const { document } = builder.history.get()
  const [selected] = builder.view.get().selected
  const step = selected === undefined ? undefined : document.steps[selected]
  if (selected === undefined || !step)
    return document.steps[document.start]?.type === 'end' ? { before: document.start } : { near: centre }
  const ways = exitsOf(step).filter((way) => !way.optional && way.name !== 'rejected')
  const free = ways.find((way) => way.target === null || !Object.hasOwn(document.steps, way.target)) ?? ways[0]
  return free ? { from: selected, exit: free.name } : { near: centre }
}

/** A step put on the way of a no is one that says so. */
function fitting(step: Step, place: Place): Step {
  return step.type === 'end' && 'from' in place && place.exit === 'rejected' ? { ...step, status: 'rejected' } : step
}

/** What an action needs and a form before it asked for by the same name. */
function known(action: ActionSpec, document: WorkflowDocument, place: Place): JsonObject {
  if (!('from' in place)) return {}
  const answers = answersBefore(document, place.from)
  const same = (one: string, other: string) => one.trim().toLowerCase() === other.trim().toLowerCase()
  return Object.fromEntries(
    schemaFields(action.input)
      .filter((field) => field.required && field.type === 'string' && !field.values)
      .flatMap((field) => {
        const fits = answers.filter((answer) => same(answer.title, field.title))
        return fits.length === 1 && fits[0] ? [[field.name, `{{ ${fits[0].path} }}`]] : []
      }),
  )
}

/**
 * Adds a step and opens its settings. `high`: what a yes leads to and cannot be taken back is what the yes is about, so
 * the approval it is put behind guards it.
 */
export function addAndOpen(
  builder: Builder,
  place: Place,
  make: (next: StepId) => Step,
  wanted: string,
  high = false,
): void {
  const { document } = builder.history.get()
  const edit = addStep(document, place, (next) => fitting(make(next), place), wanted)
  const approval = 'from' in place && place.exit === 'approved' ? document.steps[place.from] : undefined
  builder.perform(
    high && approval?.type === 'approval' && 'from' in place
      ? {
          op: 'batch',
          name: 'insert',
          operations: [
            edit.operation,
            { op: 'set_field', id: place.from, path: ['guards'], value: [...(approval.guards ?? []), edit.id] },
          ],
        }
      : edit.operation,
  )
  builder.show({ adding: null, selected: new Set([edit.id]), edge: null, focus: '' })
}

export function useCentre(): () => [number, number] {
  const flow = useReactFlow()
  return () => {
    const pane = document.querySelector('.react-flow')?.getBoundingClientRect()
    const { x, y } = flow.screenToFlowPosition({
      x: (pane?.left ?? 0) + (pane?.width ?? 600) / 2 - 124,
      y: (pane?.top ?? 0) + (pane?.height ?? 400) / 2,
    })
    return [Math.round(x), Math.round(y)]
  }
}

type Adding = Exclude<ReturnType<typeof useAdding>, null>
const useAdding = () => useView((view) => view.adding)

/** The actions found, each put in as a step that calls it. */
function Actions({ found, place }: { found: ReturnType<typeof useFoundActions>; place: Place }) {
  const builder = useBuilder()
  const document = useDocument()
  const client = useQueryClient()
  const { actions, text, more } = found
  const add = useMutation({
    mutationFn: (name: string) => client.fetchQuery(queries.action(name)),
    onError: (error) => toast.bad(problemText(error)),
  })
  const put = (action: ActionSpec) =>
    addAndOpen(
      builder,
      place,
      (next) => ({
        type: 'tool_call',
        title: action.title,
        action: action.name,
        input: known(action, document, place),
        next,
      }),
      action.title || action.name,
      action.risk === 'high',
    )
  return (
    <Command.Group heading={s.actions} className={GROUP}>
      {actions.map((action) => (
        <Command.Item
          key={action.name}
          value={`${action.name} ${action.title}`}
          keywords={[text]}
          disabled={add.isPending}
          // Of a dialog that was closed meanwhile nothing comes.
          onSelect={() => add.mutate(action.name, { onSuccess: put })}
          className={ITEM}
        >
          <span className="font-mono text-xs">{action.name}</span>
          <span className="truncate text-muted">{action.title}</span>
          {action.risk === 'high' && (
            <span className="ml-auto rounded-full bg-bad-soft px-2 text-xs text-bad">{strings.addDialog.high}</span>
          )}
        </Command.Item>
      ))}
      {more}
    </Command.Group>
  )
}

function Opened({ adding }: { adding: Adding }) {
  const builder = useBuilder()
  const document = useDocument()
  const centre = useCentre()
  const [typed, setTyped] = useState('')
  const found = useFoundActions(typed, true)
  const box = useRef<HTMLDivElement>(null)
  useFirstFound(found, box)
  const place = adding === 'anywhere' ? placeFor(builder, centre()) : adding
  return (
    <Command.Dialog
      open
      onOpenChange={(open) => !open && builder.show({ adding: null })}
      label={s.title}
      filter={wordRank}
      ref={box}
      overlayClassName="fixed inset-0 z-40 bg-black/30"
      contentClassName={cx(
        'fixed top-[14vh] left-1/2 z-50 w-[calc(100vw-2rem)] max-w-xl -translate-x-1/2 overflow-hidden rounded-xl',
        'border border-line bg-raised shadow-[var(--shadow)]',
      )}
    >
      <Command.Input
        value={typed}
        onValueChange={setTyped}
        placeholder={s.placeholder}
        className="h-12 w-full border-b border-line bg-transparent px-4 text-base outline-none"
      />
      <Command.List className="max-h-[52vh] overflow-y-auto p-2">
        {!found.waits && <Command.Empty className="px-2 py-6 text-center text-sm text-muted">{s.empty}</Command.Empty>}
        <Command.Group heading={s.kinds} className={GROUP}>
          {STEP_TYPES.map((type) => {
            const { icon: Icon, colour } = kindView(type)
            const words = shared.kinds[type]
            return (
              <Command.Item
                key={type}
                value={`${words?.name} ${type}`}
                keywords={[words?.help ?? '']}
                onSelect={() => addAndOpen(builder, place, (next) => newStep(type, next), type)}
                className={ITEM}
              >
                <Icon size={15} className={colour} />
                <span className="font-medium">{words?.name}</span>
                <span className="font-mono text-xs text-muted">{type}</span>
                <span className="truncate text-xs text-faint">{words?.help}</span>
              </Command.Item>
            )
          })}
        </Command.Group>
        {adding === 'anywhere' && (
          <Command.Group heading={s.steps} className={GROUP}>
            {Object.entries(document.steps).map(([id, step]) => (
              <Command.Item
                key={id}
                value={`${titleOf(id, step)} ${id} step`}
                onSelect={() => builder.show({ adding: null, selected: new Set([id]), edge: null })}
                className={ITEM}
              >
                {titleOf(id, step)} <span className="font-mono text-xs text-faint">{id}</span>
              </Command.Item>
            ))}
          </Command.Group>
        )}
        <Actions found={found} place={place} />
      </Command.List>
    </Command.Dialog>
  )
}

/** `/` and every plus: choose a kind, an action, or a step to go to. */
export default function AddDialog() {
  const adding = useAdding()
  return adding === null ? null : <Opened adding={adding} />
}
