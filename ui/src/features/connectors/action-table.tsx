import { keepPreviousData, useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { problemText } from '@/api/client'
import { ACTIONS, queries } from '@/api/queries'
import type { ActionBrief, ActionSpec } from '@/api/types'
import { QueryState } from '@/app/query-state'
import { useMay } from '@/app/session'
import { strings as trying } from '@/components/try-action/strings'
import { TryAction } from '@/components/try-action/try-action'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { toast } from '@/ui/toast'
import { useSettled } from '@/ui/use-settled'
import { Found, type FoundActions, type Risk } from './found'
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

function Row({ action, busy, onTry }: { action: ActionBrief; busy: boolean; onTry?: () => void }) {
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
          <Button small look="quiet" busy={busy} aria-label={trying.openNamed(action.name)} onClick={onTry}>
            {trying.open}
          </Button>
        </td>
      )}
    </tr>
  )
}

/** What a connector can do, found at the server, and how many pages of it are asked for. */
function useSearched(connector: string): { query: ReturnType<typeof useSearch>; found: FoundActions<ActionBrief> } {
  const [text, setText] = useState('')
  const [risk, setRisk] = useState<Risk | ''>('')
  const query = useSearch(connector, useSettled(text.trim()), risk)
  const pages = query.data?.pages ?? []
  const { counts, found = 0 } = pages[0] ?? {}
  const shown = pages.flatMap((page) => page.items)
  return {
    query,
    found: {
      text,
      risk,
      search: (next) => {
        setText(next.text ?? text)
        setRisk(next.risk ?? risk)
      },
      all: counts ? counts.read + counts.write + counts.high : 0,
      count: (one) => counts?.[one] ?? 0,
      found,
      shown,
      more: query.hasNextPage ? Math.min(ACTIONS, found - shown.length) : 0,
      showMore: () => void query.fetchNextPage(),
    },
  }
}

function useSearch(connector: string, q: string, risk: Risk | '') {
  const wanted = { connector, q: q || undefined, risk: risk || undefined }
  return useInfiniteQuery({ ...queries.actions(wanted), placeholderData: keepPreviousData })
}

/** Everything a connector can do, to be searched, with the harm each can do. */
export function ActionTable({ connector }: { connector: string }) {
  const client = useQueryClient()
  const [tried, setTried] = useState<ActionSpec | null>(null)
  const may = useMay('builder')
  const { query, found } = useSearched(connector)
  const open = useMutation({
    mutationFn: (name: string) => client.fetchQuery(queries.action(name)),
    onSuccess: setTried,
    onError: (error) => toast.bad(problemText(error)),
  })
  return (
    <section aria-label={s.label} className="flex flex-col gap-2">
      <QueryState query={query}>
        {() => (
          <Found found={found} only={s.risk} last={may ? <span className="sr-only">{trying.open}</span> : undefined}>
            {(action) => (
              <Row
                key={action.name}
                action={action}
                busy={open.isPending && open.variables === action.name}
                onTry={may ? () => open.mutate(action.name) : undefined}
              />
            )}
          </Found>
        )}
      </QueryState>
      {tried && <TryAction key={tried.name} action={tried} onClose={() => setTried(null)} />}
    </section>
  )
}
