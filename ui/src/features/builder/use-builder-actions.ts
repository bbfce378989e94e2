import { useNavigate } from '@tanstack/react-router'
import { useReactFlow } from '@xyflow/react'
import { useEffect, useRef } from 'react'
import { useActions, type Action } from '@/app/actions'
import type { BranchEdgeType } from '@/components/canvas/branch-edge'
import { fitAll } from '@/components/canvas/canvas'
import type { StepNode } from '@/components/canvas/step-card'
import type { Step, StepId } from '@/model/document'
import { autoLayout, neighbour, pasteSteps, pickSteps, removeSteps } from '@/model/operations/edits'
import { toYaml } from '@/model/yaml'
import { useStore } from '@/ui/store'
import { toast } from '@/ui/toast'
import { useCentre } from './add-dialog'
import { copySteps, pasted, placed, readClipboard, stepsIn } from './clipboard'
import { useView } from './context'
import { TOOLS_PX } from './edit-canvas'
import { strings as shell } from './shell-strings'
import type { Builder } from './stores'
import { strings } from './strings'

const s = strings.actions
const PASTE_OFFSET: [number, number] = [40, 40]

function paste(builder: Builder, steps: Record<StepId, Step>): void {
  const { operation, ids } = pasteSteps(builder.history.get().document, steps, PASTE_OFFSET)
  builder.perform(operation)
  builder.select(ids)
}

function pasteText(builder: Builder, clipboard: string, at: () => [number, number]): void {
  const found = stepsIn(pasted(clipboard))
  if ('problem' in found) toast.bad(found.problem)
  else paste(builder, placed(builder.history.get().document, found.steps, at()))
}

function usePaste(builder: Builder, editable: boolean, at: () => [number, number]): void {
  const latest = useRef(at)
  useEffect(() => {
    latest.current = at
  })
  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      const typing =
        event.target instanceof HTMLElement &&
        (event.target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName))
      if (!editable || typing) return
      event.preventDefault()
      pasteText(builder, event.clipboardData?.getData('text/plain') ?? '', latest.current)
    }
    window.addEventListener('paste', onPaste)
    return () => window.removeEventListener('paste', onPaste)
  }, [builder, editable])
}

function download(name: string, text: string, kind: 'yaml' | 'json'): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: `application/${kind}` }))
  link.download = `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-') || 'workflow'}.${kind}`
  link.click()
  URL.revokeObjectURL(link.href)
}

type Outside = {
  editable: boolean
  yaml: boolean
  toggleYaml: () => void
  publish: () => void
  run: () => void
  rehearse: () => void
}

/** Everything the builder can do, for toolbar, keys and palette. */
export function useBuilderActions(builder: Builder, outside: Outside): Record<string, Action> {
  const flow = useReactFlow<StepNode, BranchEdgeType>()
  const navigate = useNavigate()
  const selected = useView((view) => view.selected)
  const edge = useView((view) => view.edge)
  const history = useStore(builder.history)
  const centre = useCentre()
  usePaste(builder, outside.editable && !outside.yaml, centre)
  const graph = !outside.yaml
  const edit = outside.editable && graph
  const ids = [...selected]
  const walk = (direction: 'up' | 'down' | 'left' | 'right') => () => {
    const { document } = builder.history.get()
    const from = ids[0]
    const next = from === undefined ? document.start : neighbour(document, from, direction)
    if (!next) return
    builder.select([next])
    void flow.fitView({ nodes: [{ id: next }], duration: 200, minZoom: flow.getZoom(), maxZoom: flow.getZoom() })
  }
  const remove = () => {
    if (edge !== null && ids.length === 0) {
      const at = edge.indexOf(':')
      return builder.perform({ op: 'connect', id: edge.slice(0, at), exit: edge.slice(at + 1), target: null })
    }
    builder.perform(removeSteps(ids))
  }
  const copy = () => {
    void copySteps(pickSteps(builder.history.get().document, selected)).then((where) =>
      toast.ok(where === 'tab' ? shell.copiedHere(ids.length) : strings.copied(ids.length)),
    )
  }
  const any = ids.length > 0
  const list: Omit<Action, 'group'>[] = [
    {
      id: 'undo',
      label: s.undo,
      hint: history.past.at(-1)?.name,
      shortcut: 'mod+z',
      enabled: outside.editable && history.past.length > 0,
      run: builder.undo,
    },
    {
      id: 'redo',
      label: s.redo,
      hint: history.future[0]?.name,
      shortcut: 'shift+mod+z',
      enabled: outside.editable && history.future.length > 0,
      run: builder.redo,
    },
    { id: 'add', label: s.add, shortcut: '/', enabled: edit, run: () => builder.show({ adding: 'anywhere' }) },
    {
      id: 'edit',
      label: s.edit,
      shortcut: 'enter',
      enabled: edit && ids.length === 1,
      quiet: true,
      run: () => builder.show({ focus: '' }),
    },
    { id: 'remove', label: s.remove, shortcut: 'delete', enabled: edit && (any || edge !== null), run: remove },
    {
      id: 'remove2',
      label: s.remove,
      shortcut: 'backspace',
      enabled: edit && (any || edge !== null),
      quiet: true,
      run: remove,
    },
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
      run: copy,
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
    { id: 'up', label: s.up, shortcut: 'arrowup', enabled: graph, quiet: true, run: walk('up') },
    { id: 'down', label: s.down, shortcut: 'arrowdown', enabled: graph, quiet: true, run: walk('down') },
    { id: 'left', label: s.left, shortcut: 'arrowleft', enabled: graph, quiet: true, run: walk('left') },
    { id: 'right', label: s.right, shortcut: 'arrowright', enabled: graph, quiet: true, run: walk('right') },
    {
      id: 'layout',
      label: s.layout,
      shortcut: 'l',
      enabled: edit,
      run: () => {
        builder.perform(autoLayout(builder.history.get().document))
        setTimeout(() => fitAll(flow, 250, TOOLS_PX), 50)
      },
    },
    { id: 'fit', label: s.fit, shortcut: 'f', enabled: graph, run: () => fitAll(flow, 250, TOOLS_PX) },
    {
      id: 'problems',
      label: s.problems,
      shortcut: 'p',
      run: () => builder.show({ problems: !builder.view.get().problems }),
    },
    { id: 'yaml', label: s.yaml, shortcut: 'y', run: outside.toggleYaml },
    {
      id: 'save',
      label: s.save,
      shortcut: 'mod+s',
      whileTyping: true,
      enabled: outside.editable,
      run: () => void builder.flush(),
    },
    { id: 'publish', label: s.publish, shortcut: 'shift+mod+p', enabled: outside.editable, run: outside.publish },
    { id: 'run', label: s.run, shortcut: 'shift+mod+enter', run: outside.run },
    { id: 'download', label: s.download, run: () => download(history.document.name, toYaml(history.document), 'yaml') },
    {
      id: 'downloadJson',
      label: s.downloadJson,
      run: () => download(history.document.name, JSON.stringify(history.document, null, 2), 'json'),
    },
    { id: 'rehearse', label: s.rehearse, shortcut: 'r', run: outside.rehearse },
    {
      id: 'versions',
      label: s.versions,
      shortcut: 'g v',
      run: () => void navigate({ to: '/workflows/$workflow/versions', params: { workflow: builder.id } }),
    },
  ]
  const actions = list.map((action) => ({ ...action, id: `builder.${action.id}`, group: strings.group }))
  useActions(actions)
  return Object.fromEntries(actions.map((action) => [action.id.slice('builder.'.length), action]))
}
