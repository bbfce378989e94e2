import { useDeferredValue, useState, type ReactNode } from 'react'
import type { ActionSpec } from '@/api/types'
import { Button } from '@/ui/button'
import { Field, Input, Select } from '@/ui/field'
import { strings } from './strings'

const s = strings.table
const PAGE = 100

export type Risk = ActionSpec['risk']
export const RISKS: readonly Risk[] = ['read', 'write', 'high']

/** What was found of some actions, and how it is searched and paged. */
export type FoundActions<A> = {
  text: string
  risk: Risk | ''
  search: (next: { text?: string; risk?: Risk | '' }) => void
  all: number
  count: (risk: Risk) => number
  found: number
  shown: readonly A[]
  /** How many the next page has. */
  more: number
  showMore: () => void
}

/** Which of some actions are searched for, by words and by risk; a page of them at first. */
export function useFound<A extends { risk: Risk }>(
  actions: readonly A[],
  words: (action: A) => string,
): FoundActions<A> {
  const [text, setText] = useState('')
  const [risk, setRisk] = useState<Risk | ''>('')
  const [limit, setLimit] = useState(PAGE)
  const wanted = useDeferredValue(text).toLowerCase().split(/\s+/).filter(Boolean)
  const fits = (action: A) => {
    const own = words(action).toLowerCase()
    return (risk === '' || action.risk === risk) && wanted.every((word) => own.includes(word))
  }
  const found = actions.filter(fits)
  return {
    text,
    risk,
    search: (next: { text?: string; risk?: Risk | '' }) => {
      setText(next.text ?? text)
      setRisk(next.risk ?? risk)
      setLimit(PAGE)
    },
    all: actions.length,
    count: (one: Risk) => actions.filter((action) => action.risk === one).length,
    found: found.length,
    shown: found.slice(0, limit),
    more: Math.min(PAGE, found.length - limit),
    showMore: () => setLimit(limit + PAGE),
  }
}

function Search({ found, only }: { found: FoundActions<unknown>; only: string }) {
  return (
    <div className="flex flex-wrap items-end gap-2">
      <Field label={s.search} className="min-w-48 flex-1">
        {(props) => (
          <Input
            {...props}
            type="search"
            value={found.text}
            onChange={(event) => found.search({ text: event.target.value })}
          />
        )}
      </Field>
      <Field label={only}>
        {(props) => (
          <Select
            {...props}
            value={found.risk}
            onChange={(event) => found.search({ risk: event.target.value as Risk | '' })}
          >
            <option value="">{s.any(found.all)}</option>
            {RISKS.map((one) => (
              <option key={one} value={one}>
                {s.counted(strings.risk[one] ?? one, found.count(one))}
              </option>
            ))}
          </Select>
        )}
      </Field>
    </div>
  )
}

type Props<A extends { risk: Risk }> = {
  found: FoundActions<A>
  /** Label of the choice of risks. */
  only: string
  /** Heading of one more column. */
  last?: ReactNode
  /** A row: the action, what it does, its risk, and what stands in the last column. */
  children: (action: A) => ReactNode
}

/** Actions in a table, to be searched. */
export function Found<A extends { risk: Risk }>({ found, only, last, children }: Props<A>) {
  return (
    <>
      <Search found={found} only={only} />
      <p role="status" className="text-xs text-faint">
        {found.found === 0 ? s.none : s.shown(found.shown.length, found.found)}
      </p>
      {found.found > 0 && (
        <table className="w-full rounded-lg border border-line text-left text-sm">
          <thead className="border-b border-line text-xs text-muted">
            <tr>
              <th scope="col" className="px-3 py-1.5 font-medium">
                {s.action}
              </th>
              <th scope="col" className="hidden px-3 py-1.5 font-medium sm:table-cell">
                {s.what}
              </th>
              <th scope="col" className="px-3 py-1.5 font-medium">
                {s.risk}
              </th>
              {last != null && (
                <th scope="col" className="px-3 py-1.5">
                  {last}
                </th>
              )}
            </tr>
          </thead>
          <tbody className="divide-y divide-line">{found.shown.map(children)}</tbody>
        </table>
      )}
      {found.more > 0 && (
        <div>
          <Button onClick={found.showMore}>{s.more(found.more)}</Button>
        </div>
      )}
    </>
  )
}
