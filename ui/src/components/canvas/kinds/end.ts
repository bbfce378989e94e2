import { CircleStop } from 'lucide-react'
import type { End } from '@/model/document'
import type { KindView } from './types'

export const end: KindView<End> = {
  type: 'end',
  icon: CircleStop,
  colour: 'text-muted',
  line: (step) => step.message || (step.status ?? 'completed'),
}
