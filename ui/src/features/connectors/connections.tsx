import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { problemText } from '@/api/client'
import { queries } from '@/api/queries'
import type { Connection, Connector } from '@/api/types'
import { QueryState } from '@/app/query-state'
import { Status } from '@/components/status'
import { statusLook } from '@/model/status'
import { Button } from '@/ui/button'
import { Ago } from '@/ui/time'
import { toast } from '@/ui/toast'
import { AccountRow } from './account-row'
import { reads, writes } from './api'
import { strings as s } from './strings'
import { TokensLine } from './tokens'

/** What the service last said of an account, and when. */
function Health({ health }: { health: Connection['health'] }) {
  return (
    <span className="flex items-center gap-1.5 text-xs">
      <Status status={health.state} className="!text-xs" />
      {health.at > 0 && <Ago at={health.at} className="text-faint" />}
    </span>
  )
}

/** When it was last called through, and by whom. */
function LastUse({ used }: { used: Connection['used'] }) {
  if (!used) return null
  return (
    <p className="text-xs text-faint">
      {s.lastUsed} <Ago at={used.at} />
      {used.workflow && used.run && (
        <>
          {` ${s.usedByRun} `}
          <Link to="/runs/$run" params={{ run: used.run }} className="text-accent underline">
            {used.workflow.name}
          </Link>
        </>
      )}
      {used.person && ` ${s.usedByPerson(used.person)}`}
    </p>
  )
}

/** The workflows that call through it. */
function Uses({ id }: { id: string }) {
  const query = useQuery(reads.uses(id))
  return (
    <QueryState query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <p className="text-xs text-muted">{s.usedByNone}</p>
        ) : (
          <ul aria-label={s.usedBy} className="flex flex-wrap gap-x-3 text-xs">
            {items.map((use) => (
              <li key={use.workflow}>
                <Link to="/workflows/$workflow" params={{ workflow: use.workflow }} className="hover:underline">
                  {use.name}
                </Link>
              </li>
            ))}
          </ul>
        )
      }
    </QueryState>
  )
}

function Row({ connection, onEdit, onRemove }: { connection: Connection; onEdit?: () => void; onRemove?: () => void }) {
  const [open, setOpen] = useState(false)
  const client = useQueryClient()
  const test = useMutation({
    mutationFn: () => writes.test(connection.id),
    onSuccess: ({ health }) => {
      const told = s.tested(connection.name, health.message || statusLook(health.state).word)
      if (health.state === 'sound') toast.ok(told)
      else toast.bad(told)
    },
    onError: (error) => toast.bad(problemText(error)),
    onSettled: () => client.invalidateQueries({ queryKey: ['connections'] }),
  })
  const { health, name } = connection
  return (
    <AccountRow
      name={name}
      of={connection.connector}
      facts={
        <>
          <Health health={health} />
          {connection.secret_names.length > 0 && (
            <span className="text-xs text-faint">
              {s.secrets}: {connection.secret_names.join(', ')}
            </span>
          )}
        </>
      }
      more={
        <Button
          small
          look="quiet"
          aria-expanded={open}
          aria-label={s.usedNamed(name)}
          onClick={() => setOpen((old) => !old)}
        >
          {s.usedBy}
        </Button>
      }
      test={test}
      onEdit={onEdit}
      onRemove={onRemove}
    >
      {connection.tokens && (
        <TokensLine connection={connection} tokens={connection.tokens} may={onEdit !== undefined} />
      )}
      {health.message && health.message !== connection.tokens?.reason && (
        <p className="text-xs break-words text-muted">{health.message}</p>
      )}
      {health.state === 'refused' && <p className="text-xs text-muted">{s.refusedTold}</p>}
      <LastUse used={connection.used} />
      {open && <Uses id={connection.id} />}
    </AccountRow>
  )
}

/** The accounts of the workspace, how they stand and what is done with them. */
export function Connections({
  connectors,
  may,
  onEdit,
  onRemove,
}: {
  connectors: Connector[]
  may: boolean
  onEdit: (connector: Connector, connection: Connection) => void
  onRemove: (connection: Connection) => void
}) {
  const query = useQuery(queries.connections())
  return (
    <section className="flex flex-col gap-2">
      <h2 className="font-semibold">{s.connections}</h2>
      <p className="text-sm text-muted">{s.connectionsHelp}</p>
      <QueryState query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="rounded-lg border border-dashed border-line-strong p-4 text-sm text-muted">
              {s.noConnections}
            </p>
          ) : (
            <ul className="divide-y divide-line rounded-lg border border-line">
              {items.map((connection) => {
                const connector = connectors.find((one) => one.name === connection.connector)
                return (
                  <Row
                    key={connection.id}
                    connection={connection}
                    onEdit={may && connector ? () => onEdit(connector, connection) : undefined}
                    onRemove={may ? () => onRemove(connection) : undefined}
                  />
                )
              })}
            </ul>
          )
        }
      </QueryState>
    </section>
  )
}
