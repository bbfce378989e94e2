import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { Command } from 'cmdk'
import type { ReactNode } from 'react'
import { ACTIONS, queries } from '@/api/queries'
import type { ActionBrief } from '@/api/types'
import { useSettled } from '@/ui/use-settled'
import { strings } from './strings'

const s = strings.findActions

type FoundActions = {
  actions: readonly ActionBrief[]
  /** What they were found for: of what is typed by now only what fits is shown. */
  text: string
  /** Whether an answer is on its way. */
  waits: boolean
  /** Asks for the next page, where there is one. */
  more: ReactNode
}

/** What connectors can do, found at the server once the typing pauses. */
export function useFoundActions(typed: string, enabled: boolean): FoundActions {
  const text = useSettled(typed.trim())
  const query = useInfiniteQuery({
    ...queries.actions({ q: text || undefined }),
    enabled,
    placeholderData: keepPreviousData,
  })
  const pages = query.data?.pages ?? []
  const actions = pages.flatMap((page) => page.items)
  const rest = (pages[0]?.found ?? 0) - actions.length
  const more = query.hasNextPage && rest > 0 && (
    <Command.Item
      forceMount
      value="more"
      onSelect={() => void query.fetchNextPage()}
      className="cursor-pointer rounded-md px-2 py-1 text-xs text-muted data-[selected=true]:bg-hover"
    >
      {s.more(Math.min(ACTIONS, rest), rest)}
    </Command.Item>
  )
  return { actions, text, waits: query.isFetching || text !== typed.trim(), more }
}
