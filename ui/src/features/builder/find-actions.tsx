import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { Command } from 'cmdk'
import { useEffect, useRef, type ReactNode, type RefObject } from 'react'
import { ACTIONS, queries } from '@/api/queries'
import type { ActionBrief } from '@/api/types'
import { useSettled } from '@/ui/use-settled'
import { strings } from './strings'

const s = strings.findActions
const MORE = 'more'

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
      value={MORE}
      onSelect={() => void query.fetchNextPage()}
      className="cursor-pointer rounded-md px-2 py-1 text-xs text-muted data-[selected=true]:bg-hover"
    >
      {s.more(Math.min(ACTIONS, rest), rest)}
    </Command.Item>
  )
  return { actions, text, waits: query.isFetching || text !== typed.trim(), more }
}

/**
 * Has Enter take the first of what was found. cmdk chooses an item when the text changes, among what is drawn then:
 * nothing, or *more* of what was found before. `box` is its element.
 */
export function useFirstFound({ text, waits }: FoundActions, box: RefObject<HTMLElement | null>) {
  const chosenFor = useRef<string>(null)
  useEffect(() => {
    if (waits || chosenFor.current === text) return
    chosenFor.current = text
    // Items are drawn once cmdk has ranked them.
    const drawn = requestAnimationFrame(() => {
      const chosen = box.current?.querySelector('[cmdk-item][aria-selected=true]')
      if (chosen && chosen.getAttribute('data-value') !== MORE) return
      box.current?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Home', bubbles: true }))
    })
    return () => cancelAnimationFrame(drawn)
  }, [text, waits, box])
}
