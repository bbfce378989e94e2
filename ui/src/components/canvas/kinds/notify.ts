import { BellRing } from 'lucide-react'
import { channelsOf } from '@/model/channels'
import type { Notify } from '@/model/document'
import { strings } from '../../strings'
import type { KindView } from './types'

export const notify: KindView<Notify> = {
  type: 'notify',
  icon: BellRing,
  colour: 'text-accent',
  line: (step) => channelsOf(step).join(step.delivery === 'first' ? strings.canvas.or : ' + ') || '…',
}
