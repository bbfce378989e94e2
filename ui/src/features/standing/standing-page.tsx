import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Stamp } from 'lucide-react'
import { useState } from 'react'
import type { StandingApproval } from '@/api/types'
import { AreaLinks } from '@/app/area'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMay, useMe } from '@/app/session'
import { ConfirmDialog } from '@/components/form-dialog'
import { Button } from '@/ui/button'
import { CardTable, Cell, Line } from '@/ui/card-table'
import { Empty } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { Day, useNow } from '@/ui/time'
import { toast } from '@/ui/toast'
import { reads, writes } from './api'
import { strings as s } from './strings'

/** Whether it can still decide something. */
const valid = (item: StandingApproval, now: number) => item.revoked_at == null && item.until > now

function Until({ item }: { item: StandingApproval }) {
  const now = useNow()
  if (item.revoked_at != null)
    return (
      <>
        <span className="text-bad">{s.revokedAt}</span> <Day at={item.revoked_at} />
      </>
    )
  return (
    <>
      <Day at={item.until} /> {item.until <= now && <span className="text-xs">({s.over})</span>}
    </>
  )
}

function Row({ item, onRevoke }: { item: StandingApproval; onRevoke: (() => void) | null }) {
  const me = useMe()
  const c = s.columns
  return (
    <Line>
      <Cell label={c.what} head>
        <Link
          to="/workflows/$workflow"
          params={{ workflow: item.workflow.id }}
          search={{ step: item.step }}
          className="font-medium hover:underline"
        >
          {item.workflow.name}
        </Link>
        <code className="block font-mono text-xs text-faint">{item.step}</code>
        {item.reason && <span className="block text-xs text-muted">“{item.reason}”</span>}
      </Cell>
      <Cell label={c.limits}>
        {s.upTo(item.amount_max.toLocaleString())}
        <span className="block text-xs text-faint">{s.perDay(item.per_day)}</span>
      </Cell>
      <Cell label={c.by}>
        {item.granted_by.name}{' '}
        {item.granted_by.id === me.user.id && <span className="text-xs text-faint">({s.you})</span>}
        <span className="block text-xs text-faint">
          {s.granted} <Day at={item.granted_at} />
        </span>
      </Cell>
      <Cell label={c.until}>
        <Until item={item} />
      </Cell>
      <Cell label={c.used}>
        {s.today(item.used_today, item.per_day)}
        <span className="block text-xs text-faint">{s.inAll(item.used)}</span>
      </Cell>
      <Cell action>
        {onRevoke && (
          <Button small look="danger" aria-label={s.revokeNamed(item.step, item.granted_by.name)} onClick={onRevoke}>
            {s.revoke}
          </Button>
        )}
      </Cell>
    </Line>
  )
}

function Revoke({ item, onClose }: { item: StandingApproval; onClose: () => void }) {
  const client = useQueryClient()
  const revoke = useMutation({
    mutationFn: () => writes.revoke(item.id),
    onSuccess: () => {
      toast.ok(s.revoked)
      onClose()
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['checkpoints', 'standing'] }),
  })
  return (
    <ConfirmDialog
      title={s.revokeTitle}
      text={s.revokeText(item.workflow.name, item.step)}
      words={{ keep: s.keep, confirm: s.revoke }}
      sending={revoke}
      onConfirm={revoke.mutate}
      onClose={onClose}
    />
  )
}

function List({ show, onRevoke }: { show: 'valid' | 'ended'; onRevoke: (item: StandingApproval) => void }) {
  const query = useQuery(reads.standing())
  const me = useMe()
  const admin = useMay('admin')
  const now = useNow()
  return (
    <QueryState query={query}>
      {({ items }) => {
        const shown = items.filter((item) => valid(item, now) === (show === 'valid'))
        if (shown.length === 0)
          return (
            <Empty icon={<Stamp size={20} />} title={show === 'valid' ? s.none : s.noneEnded}>
              {show === 'valid' ? s.noneText : s.noneEndedText}
            </Empty>
          )
        return (
          <CardTable label={s.title} columns={Object.values(s.columns)}>
            {shown.map((item) => (
              <Row
                key={item.id}
                item={item}
                onRevoke={
                  valid(item, now) && (admin || item.granted_by.id === me.user.id) ? () => onRevoke(item) : null
                }
              />
            ))}
          </CardTable>
        )
      }}
    </QueryState>
  )
}

export default function StandingPage() {
  useTitle(s.title)
  const search = useSearch({ from: '/shell/people/standing-approvals' })
  const navigate = useNavigate()
  const show = search.show ?? 'valid'
  const [revoking, setRevoking] = useState<StandingApproval | null>(null)
  return (
    <>
      <PageHead title={s.title} below={<AreaLinks area="people" />} />
      <div className="flex flex-col gap-3 px-4 pt-4">
        <p className="max-w-2xl text-sm text-muted">{s.help}</p>
        <Tabs
          label={s.show}
          value={show}
          onChange={(next) =>
            void navigate({ to: '/people/standing-approvals', search: { show: next === 'ended' ? next : undefined } })
          }
          tabs={[
            { id: 'valid', label: s.valid },
            { id: 'ended', label: s.ended },
          ]}
        />
      </div>
      <List show={show} onRevoke={setRevoking} />
      {revoking && <Revoke item={revoking} onClose={() => setRevoking(null)} />}
    </>
  )
}
