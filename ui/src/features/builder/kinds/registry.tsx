import type { ComponentType } from 'react'
import type { Step, StepType } from '@/model/document'
import { ApprovalEditor } from './approval'
import { CollectFormEditor } from './collect-form'
import { ConditionEditor } from './condition'
import { EndEditor } from './end'
import { HumanHandoffEditor } from './human-handoff'
import { NotifyEditor } from './notify'
import { ToolCallEditor } from './tool-call'

type Editor<S extends Step> = ComponentType<{ id: string; step: S }>

const EDITORS: { [T in StepType]: Editor<Extract<Step, { type: T }>> } = {
  tool_call: ToolCallEditor,
  collect_form: CollectFormEditor,
  condition: ConditionEditor,
  notify: NotifyEditor,
  approval: ApprovalEditor,
  human_handoff: HumanHandoffEditor,
  end: EndEditor,
}

/** The settings of one step, by its kind. */
export function KindEditor({ id, step }: { id: string; step: Step }) {
  const Editor = EDITORS[step.type] as Editor<Step> | undefined
  return Editor ? <Editor id={id} step={step} /> : null
}
