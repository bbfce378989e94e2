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
import { Channels } from './channels'
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
          {s.actions(connector.action_count)} ·{' '}
          {connector.revision != null ? s.revision(connector.revision) : s.builtIn}
        </span>
      </Link>
      <Button small icon={<Plus size={14} />} disabled={!may} onClick={onAdd}>
        {s.add.connect}
      </Button>
    </li>
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
              <Channels
                may={may}
                onOpen={(kind, account) => setOpen({ what: 'channel', kind, account })}
                onRemove={(account) => setOpen({ what: 'remove', account, list: 'channels' })}
              />
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
