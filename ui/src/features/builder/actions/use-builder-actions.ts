import { useReactFlow } from '@xyflow/react'
import { useActions, type Action } from '@/app/actions'
import type { BranchEdgeType } from '@/components/canvas/branch-edge'
import type { StepNode } from '@/components/canvas/step-card'
import { useStore } from '@/ui/store'
import { useCentre } from '../add-dialog'
import { useView } from '../context'
import type { Builder } from '../stores'
import { strings } from '../strings'
import { canvasActions } from './canvas'
import { draftActions, historyActions, type Outside } from './draft'
import { usePaste } from './paste'
import { stepActions, type Chosen } from './steps'

/** Everything the builder can do, for toolbar, keys and palette. */
export function useBuilderActions(builder: Builder, outside: Outside): Record<string, Action> {
  const flow = useReactFlow<StepNode, BranchEdgeType>()
  const history = useStore(builder.history)
  const centre = useCentre()
  const graph = !outside.yaml
  const chosen: Chosen = {
    selected: useView((view) => view.selected),
    edge: useView((view) => view.edge),
    graph,
    edit: outside.editable && graph,
    centre,
  }
  usePaste(builder, chosen.edit, centre)
  const actions = [
    ...historyActions(builder, history, outside.editable),
    ...stepActions(builder, chosen),
    ...canvasActions(builder, flow, chosen),
    ...draftActions(builder, history, outside),
  ].map((action) => ({ ...action, id: `builder.${action.id}`, group: strings.group }))
  useActions(actions)
  return Object.fromEntries(actions.map((action) => [action.id.slice('builder.'.length), action]))
}
