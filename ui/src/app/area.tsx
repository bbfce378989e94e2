import { Link } from '@tanstack/react-router'
import { useMay } from './session'
import { strings } from './strings'
import { cx } from '@/ui/cx'

const s = strings.areas

/** Pages that belong together, each with an address of its own. */
const AREAS = {
  people: [
    { to: '/people', label: s.people },
    { to: '/people/groups', label: s.groups },
    { to: '/people/delegations', label: s.delegations },
    { to: '/people/standing-approvals', label: s.standing },
    { to: '/people/rights', label: s.rights },
  ],
  settings: [
    { to: '/settings', label: s.settings },
    { to: '/settings/notifications', label: s.notifications },
    { to: '/settings/keys', label: s.keys, admin: true },
  ],
} as const

/** The row of links between the pages of an area. */
export function AreaLinks({ area }: { area: keyof typeof AREAS }) {
  const admin = useMay('admin')
  return (
    <nav aria-label={s.label} className="flex flex-wrap gap-1">
      {AREAS[area]
        .filter((page) => admin || !('admin' in page))
        .map(({ to, label }) => (
          <Link
            key={to}
            to={to}
            activeOptions={{ exact: true, includeSearch: false }}
            className={cx(
              'inline-flex h-7 shrink-0 items-center rounded-md px-2.5 text-sm font-medium whitespace-nowrap',
              'text-muted hover:bg-hover hover:text-text',
            )}
            activeProps={{ className: 'bg-hover !text-text', 'aria-current': 'page' }}
          >
            {label}
          </Link>
        ))}
    </nav>
  )
}
