import type { Step, StepType } from '@/model/document'
import { approval } from './approval'
import { collectForm } from './collect-form'
import { condition } from './condition'
import { end } from './end'
import { humanHandoff } from './human-handoff'
import { notify } from './notify'
import { toolCall } from './tool-call'
import type { KindView } from './types'

const KINDS: { [T in StepType]: KindView<Extract<Step, { type: T }>> } = {
  tool_call: toolCall,
  collect_form: collectForm,
  condition,
  notify,
  approval,
  human_handoff: humanHandoff,
  end,
}

/** The view of a kind. A draft may name a type nobody knows; it is drawn as an end then. */
export function kindView(type: string): KindView {
  return (Object.hasOwn(KINDS, type) ? KINDS[type as StepType] : KINDS.end) as unknown as KindView
}
