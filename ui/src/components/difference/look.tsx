import { ArrowLeftRight, Minus, Move, Pencil, Plus } from 'lucide-react'
import type { ComponentType } from 'react'
import type { Change } from '@/model/compare'

/** How each kind of change looks: a colour and an icon beside its word. */
export const CHANGE_LOOK: Record<
  Change,
  { icon: ComponentType<{ size?: number; className?: string }>; text: string; soft: string; border: string }
> = {
  added: { icon: Plus, text: 'text-ok', soft: 'bg-ok-soft', border: 'border-ok' },
  removed: { icon: Minus, text: 'text-bad', soft: 'bg-bad-soft', border: 'border-bad' },
  changed: { icon: Pencil, text: 'text-warn', soft: 'bg-warn-soft', border: 'border-warn' },
  moved: { icon: Move, text: 'text-muted', soft: 'bg-hover', border: 'border-line-strong' },
  renamed: { icon: ArrowLeftRight, text: 'text-odd', soft: 'bg-odd-soft', border: 'border-odd' },
}
