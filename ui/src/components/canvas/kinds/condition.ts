import { GitFork } from 'lucide-react'
import type { Condition } from '@/model/document'
import { branchesOf } from '@/model/exits'
import { strings } from '../../strings'
import type { KindView } from './types'

export const condition: KindView<Condition> = {
  type: 'condition',
  icon: GitFork,
  colour: 'text-odd',
  line: (step) => {
    const branches = branchesOf(step)
    return branches.length === 1 ? String(branches[0]?.when) : strings.canvas.branches(branches.length)
  },
}
