import type { Step, StepType, WorkflowDocument } from './document'
import { branchesOf } from './exits'

/** What a first workflow is made of, in the order somebody is led through it. */
const STEPS = ['trigger', 'ask', 'call', 'decide', 'approve', 'guard', 'rehearse', 'publish'] as const
export type GuideStep = (typeof STEPS)[number]
export const GUIDE_LENGTH = STEPS.length

/** The kind of step that is added there. */
export const GUIDE_KIND: Partial<Record<GuideStep, StepType>> = {
  ask: 'collect_form',
  call: 'tool_call',
  decide: 'condition',
  approve: 'approval',
}

function made(document: WorkflowDocument): Partial<Record<GuideStep, boolean>> {
  const steps = Object.values(document.steps)
  const some = (fits: (step: Step) => boolean) => steps.some(fits)
  return {
    trigger: startsByItself(document),
    ask: some((step) => step.type === 'collect_form'),
    call: some((step) => step.type === 'tool_call' && step.action !== ''),
    decide: some((step) => step.type === 'condition' && branchesOf(step).some((branch) => branch.when !== '')),
    approve: some((step) => step.type === 'approval' && step.summary !== ''),
    guard: some((step) => step.type === 'approval' && (step.guards ?? []).length > 0),
  }
}

/** What is still to be done, the next first; what was done in another order is done. */
export function guideLeft(
  document: WorkflowDocument,
  { rehearsed, published }: { rehearsed: boolean; published: boolean },
): GuideStep[] {
  const done = { ...made(document), rehearse: rehearsed, publish: published }
  return published ? [] : STEPS.filter((step) => !done[step])
}

/** Whether anything but a person starts it: every workflow may be started by hand. */
const startsByItself = ({ triggers = [] }: WorkflowDocument) => triggers.some((trigger) => trigger.type !== 'manual')

/** Whether nobody has begun: nothing starts it, and there is nothing but an end. */
export function isBlank(document: WorkflowDocument): boolean {
  return !startsByItself(document) && Object.values(document.steps).every((step) => step.type === 'end')
}
