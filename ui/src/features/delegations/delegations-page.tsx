import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { UserRoundCheck } from 'lucide-react'
import { useState } from 'react'
import type { Delegation } from '@/api/types'
import { AreaLinks } from '@/app/area'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMay, useMe } from '@/app/session'
import { Button } from '@/ui/button'
import { CardTable, Cell, Line } from '@/ui/card-table'
import { Empty } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { Day, useNow } from '@/ui/time'
import { queries } from '@/api/queries'
import { AddDelegation, EndDelegation } from './delegation-dialogs'
import { strings as s } from './strings'

function Who({ person }: { person: { id: string; name: string } }) {
  const me = useMe()
  return (
    <>
      {person.name} {person.id === me.user.id && <span className="text-xs text-faint">({s.you})</span>}
    </>
  )
}

function Row({ item, onEnd }: { item: Delegation; onEnd: (() => void) | null }) {
  const now = useNow()
  const c = s.columns
  return (
    <Line>
      <Cell label={c.from} head>
        <span className="font-medium">
          <Who person={item.from} />
        </span>
        {item.away && item.to && <span className="block text-xs text-warn">{s.away}</span>}
      </Cell>
      <Cell label={c.to}>{item.to ? <Who person={item.to} /> : <span className="text-warn">{s.nobody}</span>}</Cell>
      <Cell label={c.when}>
        <Day at={item.starts_at} /> {s.until} <Day at={item.ends_at} />
        <span className="block text-xs text-faint">{item.starts_at > now ? s.notYet : s.now}</span>
      </Cell>
      <Cell label={c.reason}>{item.reason || '–'}</Cell>
      <Cell label={c.by}>
        <Who person={item.created_by} />
      </Cell>
      <Cell action>
        {onEnd && (
          <Button
            small
            look="danger"
            aria-label={s.endNamed(item.from.name, item.to?.name ?? s.nobody)}
            onClick={onEnd}
          >
            {s.end}
          </Button>
        )}
      </Cell>
    </Line>
  )
}

function List({ whose, onEnd }: { whose: 'mine' | 'all'; onEnd: (item: Delegation) => void }) {
  const query = useQuery(queries.delegations())
  const me = useMe()
  const admin = useMay('admin')
  const own = (item: Delegation) => item.from.id === me.user.id || item.to?.id === me.user.id
  return (
    <QueryState query={query}>
      {({ items }) => {
        const shown = whose === 'all' ? items : items.filter(own)
        if (shown.length === 0)
          return (
            <Empty icon={<UserRoundCheck size={20} />} title={whose === 'all' ? s.noneAll : s.noneMine}>
              {whose === 'all' ? s.noneAllText : s.noneMineText}
            </Empty>
          )
        return (
          <CardTable label={s.list} columns={Object.values(s.columns)}>
            {shown.map((item) => (
              <Row key={item.id} item={item} onEnd={admin || own(item) ? () => onEnd(item) : null} />
            ))}
          </CardTable>
        )
      }}
    </QueryState>
  )
}

export default function DelegationsPage() {
  useTitle(s.title)
  const admin = useMay('admin')
  const search = useSearch({ from: '/shell/people/delegations' })
  const navigate = useNavigate()
  const whose = admin ? (search.whose ?? 'mine') : 'mine'
  const [adding, setAdding] = useState(false)
  const [ending, setEnding] = useState<Delegation | null>(null)
  return (
    <>
      <PageHead
        title={s.title}
        below={<AreaLinks area="people" />}
        actions={
          <Button look="primary" icon={<UserRoundCheck size={15} />} onClick={() => setAdding(true)}>
            {s.add}
          </Button>
        }
      />
      <div className="flex flex-col gap-3 px-4 pt-4">
        <p className="max-w-2xl text-sm text-muted">{s.help}</p>
        {admin && (
          <Tabs
            label={s.whoseLabel}
            value={whose}
            onChange={(next) =>
              void navigate({ to: '/people/delegations', search: { whose: next === 'all' ? next : undefined } })
            }
            tabs={[
              { id: 'mine', label: s.mine },
              { id: 'all', label: s.all },
            ]}
          />
        )}
      </div>
      <List whose={whose} onEnd={setEnding} />
      {adding && <AddDelegation onClose={() => setAdding(false)} />}
      {ending && <EndDelegation item={ending} onClose={() => setEnding(null)} />}
    </>
  )
}
