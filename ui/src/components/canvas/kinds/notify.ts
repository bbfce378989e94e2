import { BellRing } from 'lucide-react'
import type { Notify } from '@/model/document'
import type { KindView } from './types'

export const notify: KindView<Notify> = {
  type: 'notify',
  icon: BellRing,
  colour: 'text-accent',
  line: (step) => step.channels.join(step.delivery === 'first' ? ' or ' : ' + ') || '…',
}
