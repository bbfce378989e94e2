import { Plug } from 'lucide-react'
import type { ToolCall } from '@/model/document'
import type { KindView } from './types'

export const toolCall: KindView<ToolCall> = {
  type: 'tool_call',
  icon: Plug,
  colour: 'text-accent',
  line: (step) => step.action || '…',
}
