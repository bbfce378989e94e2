import type { ComponentType } from 'react'
import type { Step } from '@/model/document'

/** What the canvas needs to know of a step kind; each kind has a file of its own and one line in the registry. */
export type KindView<S extends Step = Step> = {
  type: S['type']
  icon: ComponentType<{ size?: number; className?: string }>
  /** Colour class of the icon. */
  colour: string
  /** The one line that matters: the action, the condition, the approvers. */
  line: (step: S) => string
}
