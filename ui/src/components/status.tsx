import {
  Ban,
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CircleX,
  Clock,
  LoaderCircle,
  OctagonX,
  RotateCcw,
} from 'lucide-react'
import type { ComponentType } from 'react'
import { statusLook, type StatusLook } from '@/model/status'
import { cx } from '@/ui/cx'

const ICONS: Record<
  StatusLook['icon'],
  ComponentType<{ size?: number; className?: string; 'aria-hidden'?: boolean }>
> = {
  running: LoaderCircle,
  waiting: Clock,
  done: CircleCheck,
  stopped: OctagonX,
  failed: CircleX,
  unknown: CircleHelp,
  retry: RotateCcw,
  cancelled: Ban,
  idle: CircleDashed,
}

export const TONE_TEXT: Record<StatusLook['tone'], string> = {
  accent: 'text-accent',
  warn: 'text-warn',
  ok: 'text-ok',
  bad: 'text-bad',
  odd: 'text-odd',
  muted: 'text-muted',
}

const TONE_SOFT: Record<StatusLook['tone'], string> = {
  accent: 'bg-accent-soft',
  warn: 'bg-warn-soft',
  ok: 'bg-ok-soft',
  bad: 'bg-bad-soft',
  odd: 'bg-odd-soft',
  muted: 'bg-hover',
}

/** A status as icon, word and colour. `pill` gives it a ground, `label` another word. */
export function Status({
  status,
  pill,
  label,
  className,
}: {
  status: string
  pill?: boolean
  label?: string
  className?: string
}) {
  const look = statusLook(status)
  const Icon = ICONS[look.icon]
  return (
    <span
      className={cx(
        'inline-flex items-center gap-1.5 text-sm font-medium whitespace-nowrap',
        TONE_TEXT[look.tone],
        pill && cx('rounded-full px-2 py-0.5 !text-xs', TONE_SOFT[look.tone]),
        className,
      )}
    >
      <Icon
        size={14}
        aria-hidden
        className={cx('shrink-0', look.icon === 'running' && 'animate-spin motion-reduce:animate-none')}
      />
      {label ?? look.word}
    </span>
  )
}

/** Only the icon; the word is for screen readers and hover. */
export function StatusIcon({ status, size = 16 }: { status: string; size?: number }) {
  const look = statusLook(status)
  const Icon = ICONS[look.icon]
  return (
    <span title={look.word} className={cx('inline-flex shrink-0', TONE_TEXT[look.tone])}>
      <Icon size={size} aria-hidden />
      <span className="sr-only">{look.word}</span>
    </span>
  )
}
