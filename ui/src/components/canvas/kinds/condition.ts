import { GitFork } from 'lucide-react'
import type { Condition } from '@/model/document'
import type { KindView } from './types'

export const condition: KindView<Condition> = {
  type: 'condition',
  icon: GitFork,
  colour: 'text-odd',
  line: (step) => (step.branches.length === 1 ? (step.branches[0]?.when ?? '') : `${step.branches.length} branches`),
}
