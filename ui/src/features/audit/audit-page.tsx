import { useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Download, FilterX, ScrollText, ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import { problemText } from '@/api/client'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { LoadMore } from '@/components/load-more'
import { Button } from '@/ui/button'
import { download } from '@/ui/download'
import { Empty } from '@/ui/states'
import { toast } from '@/ui/toast'
import { reads, wholeTrail, type AuditFilters } from './api'
import { Entry } from './audit-entry'
import { Filters } from './audit-filters'
import { strings as s } from './strings'
import { VerifyDialog } from './verify-dialog'

function Nothing({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <Empty icon={<FilterX size={20} />} title={s.emptyFiltered.title}>
      {s.emptyFiltered.text}
    </Empty>
  ) : (
    <Empty icon={<ScrollText size={20} />} title={s.empty.title}>
      {s.empty.text}
    </Empty>
  )
}

export default function AuditPage() {
  useTitle(s.title)
  const filters = useSearch({ from: '/shell/audit' })
  const navigate = useNavigate({ from: '/audit' })
  const query = useInfiniteQuery(reads.audit(filters))
  const [verifying, setVerifying] = useState(false)
  const save = useMutation({
    mutationFn: wholeTrail,
    onSuccess: (text) => download('audit.jsonl', text, 'x-ndjson'),
    onError: (error) => toast.bad(problemText(error)),
  })
  const set = (change: AuditFilters) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
  return (
    <>
      <PageHead
        title={s.title}
        actions={
          <>
            <Button icon={<Download size={15} />} busy={save.isPending} onClick={() => save.mutate()}>
              {s.download}
            </Button>
            <Button icon={<ShieldCheck size={15} />} onClick={() => setVerifying(true)}>
              {s.verify}
            </Button>
          </>
        }
        below={<Filters filters={filters} set={set} />}
      />
      <QueryState query={query}>
        {(data) => {
          const entries = data.pages.flatMap((page) => page.items)
          if (entries.length === 0)
            return <Nothing filtered={Object.values(filters).some((value) => value !== undefined)} />
          return (
            <>
              <ol aria-label={s.title}>
                {entries.map((entry) => (
                  <Entry key={entry.id} entry={entry} onFilter={set} />
                ))}
              </ol>
              <LoadMore query={query} />
            </>
          )
        }}
      </QueryState>
      {verifying && <VerifyDialog onClose={() => setVerifying(false)} />}
    </>
  )
}
