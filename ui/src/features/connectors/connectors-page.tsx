import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Plug, Plus } from 'lucide-react'
import { useState } from 'react'
import { queries } from '@/api/queries'
import type { ChannelAccount, ChannelKind, Connection, Connector } from '@/api/types'
import { PageBody, PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMay } from '@/app/session'
import { Button, buttonClass } from '@/ui/button'
import { Empty } from '@/ui/states'
import { reads } from './api'
import { ChannelDialog, ConnectionDialog, RemoveAccount } from './connection-dialog'
import { Connections } from './connections'
import { strings as s } from './strings'

type Open =
  | { what: 'add'; connector: Connector }
  | { what: 'edit'; connector: Connector; connection: Connection }
  | { what: 'channel'; kind: ChannelKind; account?: ChannelAccount }
  | { what: 'remove'; account: { id: string; name: string }; list: 'connections' | 'channels' }
  | null

function ConnectorCard({ connector, may, onAdd }: { connector: Connector; may: boolean; onAdd: () => void }) {
  return (
    <li className="flex items-center gap-3 rounded-lg border border-line p-3">
      <Link
        to="/connectors/$connector"
        params={{ connector: connector.name }}
        className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2 gap-y-0.5 hover:underline"
      >
        <span className="font-medium">{connector.title || connector.name}</span>
        <span className="font-mono text-xs text-faint">{connector.name}</span>
        <span className="text-xs text-faint">
          {s.actions(connector.actions.length)} ·{' '}
          {connector.revision != null ? s.revision(connector.revision) : s.builtIn}
        </span>
      </Link>
      <Button small icon={<Plus size={14} />} disabled={!may} onClick={onAdd}>
        {s.add.connect}
      </Button>
    </li>
  )
}

function Channels({ may, onOpen }: { may: boolean; onOpen: (open: Open) => void }) {
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
            <ul className="divide-y divide-line rounded-lg border border-line">
              {items.map((account) => {
                const kind = kinds?.items.find((one) => one.channel === account.channel)
                return (
                  <li key={account.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2">
                    <span className="font-medium">{account.name}</span>
                    <span className="font-mono text-xs text-faint">{account.channel}</span>
                    <span className="ml-auto flex gap-1">
                      <Button
                        small
                        look="quiet"
                        disabled={!may || !kind}
                        onClick={() => kind && onOpen({ what: 'channel', kind, account })}
                      >
                        {s.edit}
                      </Button>
                      <Button
                        small
                        look="quiet"
                        disabled={!may}
                        onClick={() => onOpen({ what: 'remove', account, list: 'channels' })}
                      >
                        {s.remove}
                      </Button>
                    </span>
                  </li>
                )
              })}
            </ul>
          )
        }
      </QueryState>
      <div className="flex flex-wrap gap-2">
        {kinds?.items.map((kind) => (
          <Button
            key={kind.channel}
            small
            icon={<Plus size={14} />}
            disabled={!may}
            onClick={() => onOpen({ what: 'channel', kind })}
          >
            {kind.title}
          </Button>
        ))}
      </div>
    </section>
  )
}

export default function ConnectorsPage() {
  useTitle(s.title)
  const query = useQuery(queries.connectors())
  const may = useMay('admin')
  const [open, setOpen] = useState<Open>(null)
  const close = () => setOpen(null)
  return (
    <>
      <PageHead
        title={s.title}
        actions={
          may && (
            <Link to="/connectors/add-new" className={buttonClass('primary')}>
              <Plus size={14} /> {s.open}
            </Link>
          )
        }
      />
      <PageBody className="flex flex-col gap-8">
        <QueryState query={query}>
          {({ items }) => (
            <>
              <Connections
                connectors={items}
                may={may}
                onEdit={(connector, connection) => setOpen({ what: 'edit', connector, connection })}
                onRemove={(account) => setOpen({ what: 'remove', account, list: 'connections' })}
              />
              <Channels may={may} onOpen={setOpen} />
              <section className="flex flex-col gap-2">
                <h2 className="font-semibold">{s.catalogue}</h2>
                {items.length === 0 ? (
                  <Empty icon={<Plug size={20} />} title={s.empty.title}>
                    {s.empty.text}
                  </Empty>
                ) : (
                  <ul className="flex flex-col gap-2">
                    {items.map((connector) => (
                      <ConnectorCard
                        key={connector.name}
                        connector={connector}
                        may={may}
                        onAdd={() => setOpen({ what: 'add', connector })}
                      />
                    ))}
                  </ul>
                )}
              </section>
            </>
          )}
        </QueryState>
      </PageBody>
      {open?.what === 'add' && <ConnectionDialog connector={open.connector} onClose={close} />}
      {open?.what === 'edit' && (
        <ConnectionDialog connector={open.connector} connection={open.connection} onClose={close} />
      )}
      {open?.what === 'channel' && <ChannelDialog kind={open.kind} account={open.account} onClose={close} />}
      {open?.what === 'remove' && <RemoveAccount account={open.account} list={open.list} onClose={close} />}
    </>
  )
}
