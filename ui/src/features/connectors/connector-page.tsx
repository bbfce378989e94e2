import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiProblem } from '@/api/client'
import type { Connector } from '@/api/types'
import { PageBody, PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMay } from '@/app/session'
import { ConfirmDialog } from '@/components/form-dialog'
import { Button, buttonClass } from '@/ui/button'
import { Empty } from '@/ui/states'
import { toast } from '@/ui/toast'
import { ActionTable } from './action-table'
import { reads, writes } from './api'
import { ConnectionDialog } from './connection-dialog'
import { Crumb } from './crumb'
import { strings } from './strings'

const s = strings.one

/** Takes a connector out, after asking; refused while workflows call it, which says which. */
function RemoveConnector({ connector, onClose }: { connector: Connector; onClose: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const remove = useMutation({
    mutationFn: () => writes.takeOut(connector.name),
    onSuccess: async () => {
      toast.ok(s.removed(connector.name))
      await navigate({ to: '/connectors' })
      client.removeQueries({ queryKey: reads.connector(connector.name).queryKey })
      void client.invalidateQueries({ queryKey: ['connectors'] })
    },
  })
  const used = remove.error instanceof ApiProblem && remove.error.code === 'connector_used'
  return (
    <ConfirmDialog
      title={s.removeTitle(connector.name)}
      text={s.removeText}
      words={{ keep: s.keep, confirm: s.remove }}
      sending={remove}
      refused={used}
      onConfirm={remove.mutate}
      onClose={onClose}
    >
      {used && <p className="font-medium text-bad">{s.used}</p>}
    </ConfirmDialog>
  )
}

function Opened({ connector }: { connector: Connector }) {
  useTitle(connector.title || connector.name)
  const may = useMay('admin')
  const [dialog, setDialog] = useState<'connect' | 'remove' | null>(null)
  const own = connector.revision != null
  const close = () => setDialog(null)
  return (
    <>
      <PageHead
        title={<Crumb>{connector.title || connector.name}</Crumb>}
        actions={
          <>
            {own && may && (
              <>
                <Button look="danger" onClick={() => setDialog('remove')}>
                  {s.remove}
                </Button>
                <Link to="/connectors/add-new" search={{ name: connector.name }} className={buttonClass()}>
                  {s.revise}
                </Link>
              </>
            )}
            <Button look="primary" disabled={!may} onClick={() => setDialog('connect')}>
              {strings.add.connect}
            </Button>
          </>
        }
      />
      <PageBody className="flex flex-col gap-4">
        <div className="flex flex-col gap-1">
          <p className="flex flex-wrap items-center gap-x-3 text-sm">
            <span className="font-mono text-xs">{connector.name}</span>
            <span className="text-muted">{own ? s.revision(connector.revision ?? 0) : s.builtIn}</span>
          </p>
          {connector.description && <p className="text-sm break-words text-muted">{connector.description}</p>}
          {own && <p className="text-xs text-faint">{s.pinned}</p>}
        </div>
        {connector.action_count === 0 ? (
          <Empty title={s.empty.title}>{s.empty.text}</Empty>
        ) : (
          <ActionTable connector={connector.name} />
        )}
      </PageBody>
      {dialog === 'connect' && <ConnectionDialog connector={connector} onClose={close} />}
      {dialog === 'remove' && <RemoveConnector connector={connector} onClose={close} />}
    </>
  )
}

/** One connector: which revision it is, and what it can do. */
export default function ConnectorPage() {
  const { connector: name } = useParams({ from: '/shell/connectors/$connector' })
  const query = useQuery(reads.connector(name))
  return <QueryState query={query}>{(connector) => <Opened key={connector.name} connector={connector} />}</QueryState>
}
