import { ClipboardList } from 'lucide-react'
import type { CollectForm } from '@/model/document'
import { schemaFields } from '@/model/schema'
import type { KindView } from './types'

export const collectForm: KindView<CollectForm> = {
  type: 'collect_form',
  icon: ClipboardList,
  colour: 'text-ok',
  line: (step) =>
    schemaFields(step.form)
      .map((field) => field.title)
      .join(', ') ||
    step.prompt ||
    '…',
}
