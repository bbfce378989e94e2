import { useState } from 'react'
import type { ActionSpec } from '@/api/types'
import { useMay } from '@/app/session'
import { strings as trying } from '@/components/try-action/strings'
import { TryAction } from '@/components/try-action/try-action'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Found, useFound, type Risk } from './found'
import { strings } from './strings'

const s = strings.table

const LOOKS: Record<Risk, string> = {
  read: 'bg-hover text-muted',
  write: 'bg-warn-soft text-warn',
  high: 'bg-bad-soft text-bad',
}

export function RiskMark({ risk }: { risk: Risk }) {
  return (
    <span className={cx('rounded-full px-2 py-0.5 text-xs whitespace-nowrap', LOOKS[risk])}>{strings.risk[risk]}</span>
  )
}

function Row({ action, onTry }: { action: ActionSpec; onTry?: () => void }) {
  const said = action.description || action.title
  return (
    <tr className="align-top">
      <td className="px-3 py-1.5 font-mono text-xs break-all">
        {action.name}
        <span className="mt-0.5 line-clamp-2 block font-sans text-xs break-words text-muted sm:hidden">{said}</span>
      </td>
      <td className="hidden px-3 py-1.5 sm:table-cell">
        <span className="line-clamp-2 break-words">{said}</span>
      </td>
      <td className="px-3 py-1.5">
        <RiskMark risk={action.risk} />
      </td>
      {onTry && (
        <td className="px-3 py-1 text-right">
          <Button small look="quiet" aria-label={trying.openNamed(action.name)} onClick={onTry}>
            {trying.open}
          </Button>
        </td>
      )}
    </tr>
  )
}

/** Everything a connector can do, to be searched, with the harm each can do. */
export function ActionTable({ actions }: { actions: readonly ActionSpec[] }) {
  const [tried, setTried] = useState<ActionSpec | null>(null)
  const may = useMay('builder')
  const found = useFound(actions, ({ name, title, description }) => `${name} ${title} ${description}`)
  return (
    <section aria-label={s.label} className="flex flex-col gap-2">
      <Found found={found} only={s.risk} last={may ? <span className="sr-only">{trying.open}</span> : undefined}>
        {(action) => <Row key={action.name} action={action} onTry={may ? () => setTried(action) : undefined} />}
      </Found>
      {tried && <TryAction key={tried.name} action={tried} onClose={() => setTried(null)} />}
    </section>
  )
}
