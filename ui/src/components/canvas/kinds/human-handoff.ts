import { Headset } from 'lucide-react'
import type { HumanHandoff } from '@/model/document'
import { strings } from '../../strings'
import type { KindView } from './types'

export const humanHandoff: KindView<HumanHandoff> = {
  type: 'human_handoff',
  icon: Headset,
  colour: 'text-warn',
  line: (step) => step.team || strings.canvas.anyone,
}
