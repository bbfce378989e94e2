import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { VisitRequest } from '@/api/types'
import { QueryState } from '@/app/query-state'
import { Button } from '@/ui/button'
import { JsonView } from '@/ui/json-view'
import { Note, Skeleton } from '@/ui/states'
import { reads } from './api'
import { strings } from './strings'

const s = strings.requests

function One({ sent }: { sent: VisitRequest }) {
  return (
    <li className="flex flex-col gap-1.5 rounded-md border border-line p-2">
      <p className="text-xs font-medium">
        {s.attempt(sent.attempt)}{' '}
        <span className="font-normal text-faint">{sent.recorded ? s.recorded : s.rendered}</span>
      </p>
      {sent.request && (
        <p className="font-mono text-xs break-all">
          <span className="font-semibold">{sent.request.method}</span> {sent.request.url}
        </p>
      )}
      {sent.error && <Note tone="muted">{sent.error}</Note>}
      <div className="grid gap-2 lg:grid-cols-2">
        {sent.request && (
          <JsonView value={{ headers: sent.request.headers, body: sent.request.body }} label={s.request} />
        )}
        {sent.response != null && <JsonView value={sent.response} label={s.response} />}
      </div>
    </li>
  )
}

function Requests({ run, visit }: { run: string; visit: number }) {
  const query = useQuery(reads.visitRequests(run, visit))
  return (
    <QueryState query={query} skeleton={<Skeleton className="h-20" />}>
      {(data) => (
        <ol aria-label={s.label} className="flex flex-col gap-2">
          {data.items.map((sent) => (
            <One key={`${sent.call}.${sent.attempt}`} sent={sent} />
          ))}
        </ol>
      )}
    </QueryState>
  )
}

/** The requests a step sent, without secrets, once somebody wants to see them. */
export function StepRequests({ run, visit }: { run: string; visit: number }) {
  const [open, setOpen] = useState(false)
  if (!open)
    return (
      <div>
        <Button small onClick={() => setOpen(true)}>
          {s.show}
        </Button>
      </div>
    )
  return <Requests run={run} visit={visit} />
}
