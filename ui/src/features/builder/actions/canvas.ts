import type { ReactFlowInstance } from '@xyflow/react'
import type { BranchEdgeType } from '@/components/canvas/branch-edge'
import { fitAll } from '@/components/canvas/canvas'
import type { StepNode } from '@/components/canvas/step-card'
import { autoLayout, neighbour } from '@/model/operations/edits'
import { later } from '@/ui/later'
import { DRAWN_MS, toolsPx } from '../edit-canvas'
import type { Builder } from '../stores'
import { strings } from '../strings'
import type { Chosen } from './steps'
import type { Doing } from './types'

const s = strings.actions
export type Flow = ReactFlowInstance<StepNode, BranchEdgeType>

type Direction = 'up' | 'down' | 'left' | 'right'

/** To the step that lies that way from the one that is selected. */
function walk(builder: Builder, flow: Flow, { selected }: Chosen, direction: Direction): void {
  const { document } = builder.history.get()
  const [from] = selected
  const next = from === undefined ? document.start : neighbour(document, from, direction)
  if (!next) return
  builder.select([next])
  void flow.fitView({ nodes: [{ id: next }], duration: 200, minZoom: flow.getZoom(), maxZoom: flow.getZoom() })
}

/** Moving about the canvas and putting it in order. */
export function canvasActions(builder: Builder, flow: Flow, chosen: Chosen): Doing[] {
  const { graph, edit } = chosen
  const directions: Direction[] = ['up', 'down', 'left', 'right']
  return [
    ...directions.map((id) => ({
      id,
      label: s[id],
      shortcut: `arrow${id}`,
      enabled: graph,
      quiet: true,
      run: () => walk(builder, flow, chosen, id),
    })),
    {
      id: 'layout',
      label: s.layout,
      shortcut: 'l',
      enabled: edit,
      run: () => {
        builder.perform(autoLayout(builder.history.get().document))
        later(() => fitAll(flow, 250, toolsPx()), DRAWN_MS)
      },
    },
    { id: 'fit', label: s.fit, shortcut: 'f', enabled: graph, run: () => fitAll(flow, 250, toolsPx()) },
  ]
}
