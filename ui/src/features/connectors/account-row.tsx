import type { UseMutationResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useMay } from '@/app/session'
import { Button } from '@/ui/button'
import { strings as s } from './strings'

/** An account at a service: what it is called, how it stands (`facts`), what is done with it, and more below. */
export function AccountRow({
  name,
  of,
  facts,
  more,
  test,
  onEdit,
  onRemove,
  children,
}: {
  name: string
  /** Connector or channel. */
  of: string
  facts: ReactNode
  /** Buttons before the usual ones. */
  more?: ReactNode
  test: Pick<UseMutationResult<unknown, Error, void>, 'isPending' | 'mutate'>
  onEdit?: () => void
  onRemove?: () => void
  children?: ReactNode
}) {
  const builder = useMay('builder')
  return (
    <li className="flex flex-col gap-1 px-3 py-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="font-medium">{name}</span>
        <span className="font-mono text-xs text-faint">{of}</span>
        {facts}
        <span className="ml-auto flex flex-wrap gap-1">
          {more}
          <Button
            small
            look="quiet"
            disabled={!builder}
            busy={test.isPending}
            aria-label={s.testNamed(name)}
            onClick={() => test.mutate()}
          >
            {s.test}
          </Button>
          <Button small look="quiet" disabled={!onEdit} onClick={onEdit}>
            {s.edit}
          </Button>
          <Button small look="quiet" disabled={!onRemove} onClick={onRemove}>
            {s.remove}
          </Button>
        </span>
      </div>
      {children}
    </li>
  )
}
