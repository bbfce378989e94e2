import { Stamp } from 'lucide-react'
import type { Approval } from '@/model/document'
import { spellDuration } from '@/model/duration'
import { strings } from '../../strings'
import type { KindView } from './types'

export const approval: KindView<Approval> = {
  type: 'approval',
  icon: Stamp,
  colour: 'text-warn',
  line: (step) => {
    const who = [...(step.approvers?.roles ?? []), ...(step.approvers?.users ?? [])].join(', ') || strings.canvas.anyone
    return step.timeout ? `${who} · ${spellDuration(step.timeout.after)}` : who
  },
}
