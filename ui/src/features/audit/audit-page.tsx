import { useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { ScrollText, ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import { problemText } from '@/api/client'
import type { AuditEntry } from '@/api/types'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { LoadMore } from '@/components/load-more'
import { Button } from '@/ui/button'
import { JsonView } from '@/ui/json-view'
import { Empty, Note } from '@/ui/states'
import { At } from '@/ui/time'
import { reads, verifyChain } from './api'
import { strings as s } from './strings'

function Entry({ entry }: { entry: AuditEntry }) {
  const [open, setOpen] = useState(false)
  const more = entry.detail !== undefined && entry.detail !== null
  return (
    <li className="border-b border-line px-4 py-2 text-sm">
      <div className="grid grid-cols-[1fr_auto] gap-x-4 md:grid-cols-[11rem_12rem_minmax(0,1fr)_minmax(0,14rem)_6rem]">
        <span className="order-2 text-faint tabular-nums md:order-none">
          <At at={entry.at} />
        </span>
        <span className="order-1 truncate font-medium md:order-none">
          {entry.actor?.name ?? s.nobody}{' '}
          {entry.actor?.via && <span className="text-xs font-normal text-faint">{s.via(entry.actor.via)}</span>}
        </span>
        <span className="order-3 truncate">
          {more ? (
            <button
              type="button"
              aria-expanded={open}
              onClick={() => setOpen(!open)}
              className="font-mono text-xs text-accent hover:underline"
            >
              {entry.action}
            </button>
          ) : (
            <span className="font-mono text-xs">{entry.action}</span>
          )}
        </span>
        <span className="order-4 hidden truncate font-mono text-xs text-faint md:block">{entry.subject}</span>
        <span className="order-5 hidden truncate font-mono text-xs text-faint md:block" title={entry.hash}>
          {entry.hash.slice(0, 10)}
        </span>
      </div>
      {open && (
        <div className="mt-2">
          <JsonView value={entry.detail} label={s.details} />
        </div>
      )}
    </li>
  )
}

export default function AuditPage() {
  useTitle(s.title)
  const query = useInfiniteQuery(reads.audit())
  const verify = useMutation({ mutationFn: verifyChain })
  return (
    <>
      <PageHead
        title={s.title}
        actions={
          <Button icon={<ShieldCheck size={15} />} busy={verify.isPending} onClick={() => verify.mutate()}>
            {s.verify}
          </Button>
        }
      />
      {verify.data && (
        <div className="m-4">
          <Note tone={verify.data.ok ? 'ok' : 'bad'}>
            {verify.data.ok ? s.good(verify.data.entries) : s.broken(verify.data.broken_at)}
          </Note>
        </div>
      )}
      {verify.error && (
        <div className="m-4">
          <Note tone="bad">{problemText(verify.error)}</Note>
        </div>
      )}
      <QueryState query={query}>
        {(data) => {
          const entries = data.pages.flatMap((page) => page.items)
          if (entries.length === 0)
            return (
              <Empty icon={<ScrollText size={20} />} title={s.empty.title}>
                {s.empty.text}
              </Empty>
            )
          return (
            <>
              <ol aria-label={s.title}>
                {entries.map((entry) => (
                  <Entry key={entry.id} entry={entry} />
                ))}
              </ol>
              <LoadMore query={query} />
            </>
          )
        }}
      </QueryState>
    </>
  )
}
