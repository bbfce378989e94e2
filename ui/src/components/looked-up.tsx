import type { LookUp } from '@/api/types'
import { At } from '@/ui/time'
import { strings } from './strings'

const s = strings.steps.lookUp

/** What the other side told when it was asked whether a call took place. */
export function LookedUp({ lookUp }: { lookUp: LookUp | null | undefined }) {
  if (!lookUp) return null
  return (
    <p className="text-sm text-muted">
      {lookUp.found ? s[lookUp.found] : s.asked}{' '}
      <span className="text-xs text-faint">
        <At at={lookUp.answered_at ?? lookUp.asked_at} />
      </span>
    </p>
  )
}
