import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, type KeyboardEvent } from 'react'
import { problemText } from '@/api/client'
import type { FilledReply } from '@/api/types'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { cannedReplies } from './api'
import { strings as s } from './strings'

/** The canned replies of a begun name; null while none is asked for. */
export function useReplies(conversation: string, wanted: string | null) {
  const query = useQuery({ ...cannedReplies(conversation), enabled: wanted !== null })
  if (wanted === null) return null
  const items = query.data?.items.filter((reply) => reply.name.toLowerCase().includes(wanted)) ?? []
  const failed = query.data === undefined ? query.error : null
  return { items, failed, looking: query.data === undefined && !failed, again: () => void query.refetch() }
}

export type Asked = NonNullable<ReturnType<typeof useReplies>>

/**
 * What stands above the text while a canned reply is asked for. The text box keeps the focus; who goes back into the
 * list finds its keys there.
 */
export function Replies({
  id,
  asked,
  active,
  onPick,
  onKeyDown,
}: {
  id: string
  asked: Asked
  active: FilledReply | undefined
  onPick: (reply: FilledReply) => void
  onKeyDown: (event: KeyboardEvent) => void
}) {
  const list = useRef<HTMLUListElement>(null)
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' })
  }, [active?.id])
  if (asked.failed)
    return (
      <p role="alert" className="flex flex-wrap items-center gap-2 px-3 pt-2 text-sm text-bad">
        {s.failed} {problemText(asked.failed)}
        <Button small onClick={asked.again}>
          {s.retry}
        </Button>
      </p>
    )
  if (asked.items.length === 0)
    return (
      <p role="status" className="px-3 pt-2 text-sm text-faint">
        {asked.looking ? s.loading : s.none}
      </p>
    )
  return (
    <>
      <p role="status" className="sr-only">
        {s.found(asked.items.length)}
      </p>
      <ul
        ref={list}
        role="listbox"
        id={id}
        aria-label={s.title}
        aria-activedescendant={active && `${id}-${active.id}`}
        tabIndex={0}
        onKeyDown={onKeyDown}
        className="max-h-52 overflow-y-auto px-3 pt-2"
      >
        {asked.items.map((reply) => (
          <li
            key={reply.id}
            id={`${id}-${reply.id}`}
            role="option"
            aria-selected={reply === active}
            className={cx('cursor-pointer rounded-md px-2 py-1.5 text-sm', reply === active && 'bg-hover')}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => onPick(reply)}
          >
            <span className="font-medium">/{reply.name}</span>{' '}
            {reply.gaps.length > 0 && <span className="text-warn">{s.gaps(reply.gaps)}</span>}
            <span className="block truncate text-muted">{reply.text}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
