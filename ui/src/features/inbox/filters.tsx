import { FilterX } from 'lucide-react'
import type { InboxSearch } from '@/app/router'
import { SearchBox } from '@/components/search-box'
import { WorkflowFilter } from '@/components/workflow-filter'
import { Button } from '@/ui/button'
import { Select } from '@/ui/field'
import { strings as s } from './strings'

const KINDS = Object.entries(s.kinds) as [NonNullable<InboxSearch['kind']>, string][]

/** What is typed is one step back, not one for each pause. */
type Set = (change: InboxSearch, how?: { replace: boolean }) => void

/** What narrows the list, all of it in the address. */
export function Filters({ search, set }: { search: InboxSearch; set: Set }) {
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
      <WorkflowFilter
        value={search.workflow}
        onChange={(workflow) => set({ workflow })}
        className="!w-40 max-sm:!w-auto max-sm:min-w-0 max-sm:flex-1"
      />
      <SearchBox
        label={s.search}
        placeholder={s.searchPlaceholder}
        group={s.group}
        value={search.q}
        onChange={(q) => set({ q }, { replace: true })}
      />
    </>
  )
}
