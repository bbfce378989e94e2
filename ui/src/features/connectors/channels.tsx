import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { problemText } from '@/api/client'
import { queries } from '@/api/queries'
import type { ChannelAccount, ChannelKind } from '@/api/types'
import { QueryState } from '@/app/query-state'
import { Status } from '@/components/status'
import { statusLook } from '@/model/status'
import { Button } from '@/ui/button'
import { CopyButton } from '@/ui/copy-button'
import { Ago } from '@/ui/time'
import { toast } from '@/ui/toast'
import { AccountRow } from './account-row'
import { reads, writes } from './api'
import { strings as s } from './strings'

type Health = ChannelAccount['health']

/** What the provider last said against an account; what is over is told as such. */
function Fault({ label, error }: { label: string; error: NonNullable<Health['error']> }) {
  return (
    <p className="text-xs break-words text-muted">
      {label} <Ago at={error.at} />: {error.message} <span className="font-mono text-faint">{error.code}</span>
    </p>
  )
}

/** Out: whether the provider takes what is sent. In: whether what customers write arrives. */
function ChannelHealth({ health }: { health: Health }) {
  const { error, incoming_error: incoming, heard_at: heard, succeeded_at: succeeded } = health
  return (
    <div className="flex flex-col gap-1">
      <p className="flex flex-wrap gap-x-3 text-xs text-muted">
        <span>
          {s.out}: {succeeded ? <Ago at={succeeded} /> : s.never}
        </span>
        <span>
          {s.in}: {heard ? <Ago at={heard} /> : s.never}
        </span>
        {health.known_as && <span className="break-words">{s.knownAs(health.known_as)}</span>}
      </p>
      {error && <Fault label={health.state === 'sound' ? s.errorOver : s.errorLast} error={error} />}
      {incoming && <Fault label={s.errorIn} error={incoming} />}
    </div>
  )
}

function Row({ account, onEdit, onRemove }: { account: ChannelAccount; onEdit?: () => void; onRemove?: () => void }) {
  const client = useQueryClient()
  const { name, health } = account
  const test = useMutation({
    mutationFn: () => writes.testChannel(account.id),
    onSuccess: ({ health }) => {
      const bad = health.state === 'sound' ? health.incoming_error : health.error
      const told = s.tested(name, bad?.message ?? statusLook(health.state).word)
      if (health.state === 'sound' && !bad) toast.ok(told)
      else toast.bad(told)
    },
    onError: (error) => toast.bad(problemText(error)),
    onSettled: () => client.invalidateQueries({ queryKey: ['channels'] }),
  })
  return (
    <AccountRow
      name={name}
      of={account.channel}
      facts={<Status status={health.state} className="!text-xs" />}
      test={test}
      onEdit={onEdit}
      onRemove={onRemove}
    >
      <ChannelHealth health={health} />
      <p className="flex flex-wrap items-center gap-x-2 text-xs text-faint">
        {s.postsTo} <code className="font-mono break-all select-all">{account.address}</code>
        <CopyButton text={account.address} label={s.copyAddress(name)} />
      </p>
    </AccountRow>
  )
}

/** The accounts on channels, how they do and what is done with them. */
export function Channels({
  may,
  onOpen,
  onRemove,
}: {
  may: boolean
  onOpen: (kind: ChannelKind, account?: ChannelAccount) => void
  onRemove: (account: ChannelAccount) => void
}) {
  const query = useQuery(queries.channels())
  const { data: kinds } = useQuery(reads.channelKinds())
  return (
    <section className="flex flex-col gap-2">
      <h2 className="font-semibold">{s.channels}</h2>
      <p className="text-sm text-muted">{s.channelsHelp}</p>
      <QueryState query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="rounded-lg border border-dashed border-line-strong p-4 text-sm text-muted">{s.noChannels}</p>
          ) : (
            <ul aria-label={s.channels} className="divide-y divide-line rounded-lg border border-line">
              {items.map((account) => {
                const kind = kinds?.items.find((one) => one.channel === account.channel)
                return (
                  <Row
                    key={account.id}
                    account={account}
                    onEdit={may && kind ? () => onOpen(kind, account) : undefined}
                    onRemove={may ? () => onRemove(account) : undefined}
                  />
                )
              })}
            </ul>
          )
        }
      </QueryState>
      <div className="flex flex-wrap gap-2">
        {kinds?.items.map((kind) => (
          <Button key={kind.channel} small icon={<Plus size={14} />} disabled={!may} onClick={() => onOpen(kind)}>
            {kind.title}
          </Button>
        ))}
      </div>
    </section>
  )
}
