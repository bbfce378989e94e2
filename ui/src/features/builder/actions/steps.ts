import type { StepId } from '@/model/document'
import { pickSteps, removeSteps } from '@/model/operations/edits'
import { toast } from '@/ui/toast'
import { copySteps, readClipboard } from '../clipboard'
import { strings as shell } from '../shell-strings'
import type { Builder } from '../stores'
import { strings } from '../strings'
import { paste, pasteText } from './paste'
import type { Doing } from './types'

const s = strings.actions

/** What is selected on the canvas, and whether the canvas is there and may be changed. */
export type Chosen = {
  selected: ReadonlySet<StepId>
  edge: string | null
  graph: boolean
  edit: boolean
  /** Where a pasted step goes. */
  centre: () => [number, number]
}

function remove(builder: Builder, { selected, edge }: Chosen): void {
  if (edge === null || selected.size > 0) return builder.perform(removeSteps([...selected]))
  const at = edge.indexOf(':')
  builder.perform({ op: 'connect', id: edge.slice(0, at), exit: edge.slice(at + 1), target: null })
}

function copy(builder: Builder, selected: ReadonlySet<StepId>): void {
  void copySteps(pickSteps(builder.history.get().document, selected)).then((where) =>
    toast.ok(where === 'tab' ? shell.copiedHere(selected.size) : strings.copied(selected.size)),
  )
}

/** What is done to the steps that are selected. */
export function stepActions(builder: Builder, chosen: Chosen): Doing[] {
  const { selected, edge, graph, edit, centre } = chosen
  const any = selected.size > 0
  const removing = { label: s.remove, enabled: edit && (any || edge !== null), run: () => remove(builder, chosen) }
  return [
    { id: 'add', label: s.add, shortcut: '/', enabled: edit, run: () => builder.show({ adding: 'anywhere' }) },
    {
      id: 'edit',
      label: s.edit,
      shortcut: 'enter',
      enabled: edit && selected.size === 1,
      quiet: true,
      run: () => builder.show({ focus: '' }),
    },
    { id: 'remove', shortcut: 'delete', ...removing },
    { id: 'remove2', shortcut: 'backspace', quiet: true, ...removing },
    {
      id: 'duplicate',
      label: s.duplicate,
      shortcut: 'mod+d',
      enabled: edit && any,
      run: () => paste(builder, pickSteps(builder.history.get().document, selected)),
    },
    {
      id: 'copy',
      label: s.copy,
      shortcut: 'mod+c',
      enabled: graph && any && !window.getSelection()?.toString(),
      run: () => copy(builder, selected),
    },
    // Without a key: ⌘V is the browser's, which tells what is pasted even where the page may not read the clipboard.
    {
      id: 'paste',
      label: s.paste,
      enabled: edit,
      run: () => void readClipboard().then((text) => pasteText(builder, text, centre)),
    },
    {
      id: 'all',
      label: s.all,
      shortcut: 'mod+a',
      enabled: graph,
      run: () => builder.select(Object.keys(builder.history.get().document.steps)),
    },
    {
      id: 'clear',
      label: s.clear,
      shortcut: 'escape',
      enabled: any || edge !== null,
      quiet: true,
      run: () => builder.select([]),
    },
  ]
}
