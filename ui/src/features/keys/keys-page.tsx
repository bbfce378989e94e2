import { useQuery } from '@tanstack/react-query'
import { KeyRound, Plus } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import type { ApiKey } from '@/api/types'
import { AreaLinks } from '@/app/area'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMay } from '@/app/session'
import { Button } from '@/ui/button'
import { CardTable, Cell, Line } from '@/ui/card-table'
import { Empty } from '@/ui/states'
import { Ago, Day, useNow } from '@/ui/time'
import { reads } from './api'
import { AddKey, RevokeKey } from './key-dialogs'
import { strings as s } from './strings'

function Expires({ at }: { at: number | null | undefined }) {
  const now = useNow()
  if (at == null) return <span className="text-faint">{s.never}</span>
  return at <= now ? <span className="text-bad">{s.ended}</span> : <Day at={at} />
}

function Row({ item, onRevoke }: { item: ApiKey; onRevoke: () => void }) {
  const c = s.columns
  return (
    <Line>
      <Cell label={c.name} head>
        <span className="font-medium">{item.name}</span>
        <code className="block font-mono text-xs text-faint">{item.prefix}…</code>
      </Cell>
      <Cell label={c.role}>
        {item.role}
        {item.groups.length > 0 && <span className="block text-xs text-faint">{item.groups.join(', ')}</span>}
      </Cell>
      <Cell label={c.decides}>{item.may_decide ? s.decides : <span className="text-faint">{s.decidesNot}</span>}</Cell>
      <Cell label={c.maker}>{item.created_by?.name ?? <span className="text-faint">{s.installation}</span>}</Cell>
      <Cell label={c.expires}>
        <Expires at={item.expires_at} />
      </Cell>
      <Cell label={c.used}>
        {item.last_used_at ? <Ago at={item.last_used_at} /> : <span className="text-faint">{s.never}</span>}
      </Cell>
      <Cell action>
        <Button small look="danger" aria-label={s.revokeNamed(item.name)} onClick={onRevoke}>
          {s.revoke}
        </Button>
      </Cell>
    </Line>
  )
}

function List({ onRevoke, add }: { onRevoke: (item: ApiKey) => void; add: ReactNode }) {
  const query = useQuery(reads.apiKeys())
  return (
    <QueryState query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty icon={<KeyRound size={20} />} title={s.none} action={add}>
            {s.noneText}
          </Empty>
        ) : (
          <CardTable label={s.title} columns={Object.values(s.columns)}>
            {items.map((item) => (
              <Row key={item.id} item={item} onRevoke={() => onRevoke(item)} />
            ))}
          </CardTable>
        )
      }
    </QueryState>
  )
}

export default function KeysPage() {
  useTitle(s.title)
  const admin = useMay('admin')
  const [adding, setAdding] = useState(false)
  const [revoking, setRevoking] = useState<ApiKey | null>(null)
  const add = (
    <Button look="primary" icon={<Plus size={15} />} onClick={() => setAdding(true)}>
      {s.add}
    </Button>
  )
  return (
    <>
      <PageHead title={s.title} below={<AreaLinks area="settings" />} actions={admin && add} />
      {admin ? (
        <>
          <p className="max-w-2xl px-4 pt-4 text-sm text-muted">{s.help}</p>
          <List onRevoke={setRevoking} add={add} />
        </>
      ) : (
        <Empty icon={<KeyRound size={20} />} title={s.adminOnly}>
          {s.adminOnlyText}
        </Empty>
      )}
      {adding && <AddKey onClose={() => setAdding(false)} />}
      {revoking && <RevokeKey item={revoking} onClose={() => setRevoking(null)} />}
    </>
  )
}
