import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Check, Minus, ShieldCheck } from 'lucide-react'
import type { Right } from '@/api/types'
import { AreaLinks } from '@/app/area'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { SearchBox } from '@/components/search-box'
import { Empty } from '@/ui/states'
import { reads } from './api'
import { strings as s } from './strings'

const ROLES = ['viewer', 'operator', 'builder', 'admin'] as const
type Role = (typeof ROLES)[number]

/** Whether a role may: one from the least on, and whoever it is where no account is needed. */
const may = (right: Right, role: Role): boolean =>
  right.role === null || ROLES.indexOf(role) >= ROLES.indexOf(right.role)

function Mark({ right, role }: { right: Right; role: Role }) {
  const yes = may(right, role)
  const Icon = yes ? Check : Minus
  const label = yes ? s.may(s.roles[role]) : s.mayNot(s.roles[role])
  return (
    <td className="w-20 px-2 py-1.5 text-center max-md:hidden">
      <span role="img" aria-label={label} title={label} className={yes ? 'text-ok' : 'text-faint'}>
        <Icon size={15} className="inline" />
      </span>
    </td>
  )
}

function Line({ right }: { right: Right }) {
  return (
    <tr className="border-b border-line last:border-b-0">
      <th scope="row" className="py-1.5 pr-2 pl-4 text-left font-normal">
        {right.what}
        {right.also && <span className="block text-xs text-muted">{right.also}</span>}
        <span className="block truncate font-mono text-[11px] text-faint">
          {right.method} {right.path}
        </span>
        <span className="block text-xs text-muted md:hidden">
          {right.role === null ? s.anyone : s.from(s.roles[right.role])}
        </span>
      </th>
      {right.role === null ? (
        <td colSpan={ROLES.length} className="px-2 text-center text-xs text-muted max-md:hidden">
          {s.anyone}
        </td>
      ) : (
        ROLES.map((role) => <Mark key={role} right={right} role={role} />)
      )}
    </tr>
  )
}

function Subject({ subject, rights }: { subject: string; rights: readonly Right[] }) {
  return (
    <table aria-label={subject} className="w-full table-fixed text-sm">
      <thead className="bg-sunken text-xs text-muted">
        <tr className="border-y border-line">
          <th scope="col" className="px-4 py-1.5 text-left font-semibold text-text">
            {subject}
          </th>
          {ROLES.map((role) => (
            <th key={role} scope="col" className="w-20 px-2 py-1.5 text-center font-medium max-md:hidden">
              {s.roles[role]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rights.map((right) => (
          <Line key={right.operation} right={right} />
        ))}
      </tbody>
    </table>
  )
}

/** The rights by what they are about, in the order of the API's description. */
function bySubject(rights: readonly Right[]): [string, Right[]][] {
  const found = new Map<string, Right[]>()
  for (const right of rights) found.set(right.subject, [...(found.get(right.subject) ?? []), right])
  return [...found].sort(([one], [other]) => one.localeCompare(other))
}

/** Who may do what. */
export default function RightsPage() {
  useTitle(s.title)
  const { find = '' } = useSearch({ from: '/shell/people/rights' })
  const navigate = useNavigate()
  const query = useQuery(reads.rights())
  const fits = ({ what, path, operation, subject }: Right) =>
    [what, path, operation, subject].some((text) => text.toLowerCase().includes(find.toLowerCase()))
  return (
    <>
      <PageHead title={s.title} below={<AreaLinks area="people" />} />
      <div className="flex flex-col gap-2 p-4">
        <p className="max-w-prose text-sm text-muted">{s.text}</p>
        <SearchBox
          label={s.findLabel}
          placeholder={s.find}
          group={s.title}
          value={find}
          onChange={(text) => void navigate({ to: '/people/rights', search: { find: text }, replace: true })}
        />
      </div>
      <QueryState query={query}>
        {({ items }) => {
          const subjects = bySubject(items.filter(fits))
          if (subjects.length === 0)
            return (
              <Empty icon={<ShieldCheck size={20} />} title={s.none}>
                {s.noneText}
              </Empty>
            )
          return subjects.map(([subject, rights]) => (
            <Subject key={subject} subject={s.subject(subject)} rights={rights} />
          ))
        }}
      </QueryState>
    </>
  )
}
