import { useQuery } from '@tanstack/react-query'
import { FilterX } from 'lucide-react'
import { queries } from '@/api/queries'
import type { InboxSearch } from '@/app/router'
import { SearchBox } from '@/components/search-box'
import { Button } from '@/ui/button'
import { Select } from '@/ui/field'
import { strings as s } from './strings'

const KINDS = Object.entries(s.kinds) as [NonNullable<InboxSearch['kind']>, string][]

/** What narrows the list, all of it in the address. */
export function Filters({ search, set }: { search: InboxSearch; set: (change: InboxSearch) => void }) {
  const { data: workflows } = useQuery(queries.workflows())
  const narrowed = search.kind !== undefined || search.workflow !== undefined || search.q !== undefined
  return (
    <>
      {narrowed && (
        <Button
          look="quiet"
          small
          aria-label={s.clear}
          icon={<FilterX size={14} />}
          onClick={() => set({ kind: undefined, workflow: undefined, q: undefined })}
        >
          <span className="hidden lg:inline">{s.clear}</span>
        </Button>
      )}
      <Select
        aria-label={s.kind}
        value={search.kind ?? ''}
        onChange={(event) => set({ kind: KINDS.find(([kind]) => kind === event.target.value)?.[0] })}
        className="!w-36 max-sm:!w-auto max-sm:flex-1"
      >
        <option value="">{s.anyKind}</option>
        {KINDS.map(([kind, word]) => (
          <option key={kind} value={kind}>
            {word}
          </option>
        ))}
      </Select>
      <Select
        aria-label={s.workflow}
        value={search.workflow ?? ''}
        onChange={(event) => set({ workflow: event.target.value || undefined })}
        className="!w-40 max-sm:!w-auto max-sm:min-w-0 max-sm:flex-1"
      >
        <option value="">{s.anyWorkflow}</option>
        {workflows?.items.map((workflow) => (
          <option key={workflow.id} value={workflow.id}>
            {workflow.name}
          </option>
        ))}
      </Select>
      <SearchBox
        key={search.q === undefined ? 'empty' : 'set'}
        label={s.search}
        placeholder={s.searchPlaceholder}
        group={s.group}
        value={search.q}
        onChange={(q) => set({ q })}
      />
    </>
  )
}
