import { Link, linkOptions } from '@tanstack/react-router'
import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import type { AuditEntry } from '@/api/types'
import { changesBetween, type Changed } from '@/model/changes'
import { brief, type Json } from '@/model/json'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { JsonView } from '@/ui/json-view'
import { At } from '@/ui/time'
import type { AuditFilters } from './api'
import { strings as s } from './strings'

type Detail = { [name: string]: Json | undefined }

const text = (value: Json | undefined): string =>
  value === undefined || value === null ? s.nothing : typeof value === 'string' ? value : brief(value, 400)

function Changes({ changes }: { changes: Changed[] }) {
  return (
    <table aria-label={s.changes} className="w-full max-w-4xl text-sm">
      <thead className="text-left text-xs text-faint">
        <tr>
          <th scope="col" className="py-1 pr-4 font-medium">
            {s.place}
          </th>
          <th scope="col" className="py-1 pr-4 font-medium">
            {s.before}
          </th>
          <th scope="col" className="py-1 font-medium">
            {s.after}
          </th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ path, before, after }) => (
          <tr key={path} className="border-t border-line align-top">
            <td className="py-1 pr-4 text-muted">{path || s.whole}</td>
            <td className="py-1 pr-4 break-words text-bad">{text(before)}</td>
            <td className="py-1 break-words text-ok">{text(after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** The page of what an entry is about, where it has one. */
function pageOf(subject: string) {
  const [kind, id = ''] = subject.split(':')
  if (kind === 'run') return linkOptions({ to: '/runs/$run', params: { run: id } })
  if (kind === 'workflow') return linkOptions({ to: '/workflows/$workflow', params: { workflow: id } })
  if (kind === 'checkpoint') return linkOptions({ to: '/inbox/$checkpoint', params: { checkpoint: id } })
  return null
}

function More({ entry, onFilter }: { entry: AuditEntry; onFilter: (change: AuditFilters) => void }) {
  const { before, after, ...rest } = (entry.detail ?? {}) as Detail
  const changes = changesBetween(before, after)
  const page = pageOf(entry.subject)
  return (
    <div className="mt-2 flex flex-col gap-3 pl-6">
      {changes.length > 0 && <Changes changes={changes} />}
      {entry.actor.via && <p className="text-xs text-muted sm:hidden">{s.via(entry.actor.via)}</p>}
      <JsonView value={rest} label={s.details} />
      <p className="text-xs break-all text-muted">
        {s.sealed(entry.seq)} <span className="font-mono select-all">{entry.hash}</span>
      </p>
      <div className="flex flex-wrap items-center gap-2">
        <Button small onClick={() => onFilter({ actor: entry.actor_ref })}>
          {s.onlyWho(entry.actor.name)}
        </Button>
        <Button small onClick={() => onFilter({ subject: entry.subject })}>
          {s.onlyAbout(entry.subject_name)}
        </Button>
        {page && (
          <Link {...page} className="text-sm text-accent hover:underline">
            {s.open}
          </Link>
        )}
      </div>
    </div>
  )
}

/** One entry: when, who did what, and on demand what was before and after. */
export function Entry({ entry, onFilter }: { entry: AuditEntry; onFilter: (change: AuditFilters) => void }) {
  const [open, setOpen] = useState(false)
  return (
    <li className="border-b border-line px-4 py-2 text-sm">
      <div className="flex items-start gap-x-4">
        <button
          type="button"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          className="flex min-w-0 flex-1 items-start gap-2 text-left hover:underline"
        >
          <ChevronRight size={14} aria-hidden className={cx('mt-0.5 shrink-0 text-faint', open && 'rotate-90')} />
          <span className="min-w-0 break-words">
            <span className="font-medium">{s.actor(entry.actor.name)}</span> {entry.sentence}
          </span>
        </button>
        {entry.actor.via && (
          <span className="hidden shrink-0 text-xs text-faint sm:inline">{s.via(entry.actor.via)}</span>
        )}
        <span className="shrink-0 text-faint tabular-nums">
          <At at={entry.at} />
        </span>
      </div>
      {open && <More entry={entry} onFilter={onFilter} />}
    </li>
  )
}
