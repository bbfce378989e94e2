import type { History } from '@/model/operations/history'
import { toYaml } from '@/model/yaml'
import { download, fileName } from '@/ui/download'
import type { Builder } from '../stores'
import { strings } from '../strings'
import type { Doing } from './types'

const s = strings.actions

/** What the page around the canvas does. */
export type Outside = {
  editable: boolean
  yaml: boolean
  toggleYaml: () => void
  publish: () => void
  run: () => void
  rehearse: () => void
  versions: () => void
  triggers: () => void
}

/** Back and forth through what was changed. */
export function historyActions(builder: Builder, history: History, editable: boolean): Doing[] {
  return [
    {
      id: 'undo',
      label: s.undo,
      hint: history.past.at(-1)?.name,
      shortcut: 'mod+z',
      enabled: editable && history.past.length > 0,
      run: builder.undo,
    },
    {
      id: 'redo',
      label: s.redo,
      hint: history.future[0]?.name,
      shortcut: 'shift+mod+z',
      enabled: editable && history.future.length > 0,
      run: builder.redo,
    },
  ]
}

/** What is done with the draft as a whole. */
export function draftActions(builder: Builder, { document }: History, outside: Outside): Doing[] {
  const { editable } = outside
  return [
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
      enabled: editable,
      run: () => void builder.flush(),
    },
    { id: 'publish', label: s.publish, shortcut: 'shift+mod+p', enabled: editable, run: outside.publish },
    { id: 'run', label: s.run, shortcut: 'shift+mod+enter', run: outside.run },
    {
      id: 'download',
      label: s.download,
      run: () => download(fileName(document.name, 'yaml'), toYaml(document), 'yaml'),
    },
    {
      id: 'downloadJson',
      label: s.downloadJson,
      run: () => download(fileName(document.name, 'json'), JSON.stringify(document, null, 2), 'json'),
    },
    { id: 'rehearse', label: s.rehearse, shortcut: 'r', run: outside.rehearse },
    { id: 'versions', label: s.versions, shortcut: 'g v', run: outside.versions },
    { id: 'triggers', label: s.triggers, shortcut: 'g t', run: outside.triggers },
  ]
}
