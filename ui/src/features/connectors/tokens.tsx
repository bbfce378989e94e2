import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { problemText } from '@/api/client'
import type { Connection } from '@/api/types'
import { ConfirmDialog } from '@/components/form-dialog'
import { Status } from '@/components/status'
import { Button } from '@/ui/button'
import { Ago, At } from '@/ui/time'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { strings as s } from './strings'

type Tokens = NonNullable<Connection['tokens']>

/** Asks whether an account is to be disconnected, and says whether its service took the tokens back. */
function Disconnect({ connection, onClose }: { connection: Connection; onClose: () => void }) {
  const client = useQueryClient()
  const disconnect = useMutation({
    mutationFn: () => writes.disconnect(connection.id),
    onSuccess: ({ revoked, message }) => {
      void client.invalidateQueries({ queryKey: ['connections'] })
      if (revoked) toast.ok(s.tokens.revoked)
      else toast.bad(s.tokens.notRevoked(message))
      onClose()
    },
  })
  return (
    <ConfirmDialog
      title={s.tokens.disconnectTitle(connection.name)}
      text={s.tokens.disconnectText}
      words={{ keep: s.keep, confirm: s.tokens.disconnect }}
      sending={disconnect}
      onConfirm={() => disconnect.mutate()}
      onClose={onClose}
    />
  )
}

/** How the access of a connection stands, and what an administrator does about it. */
export function TokensLine({ connection, tokens, may }: { connection: Connection; tokens: Tokens; may: boolean }) {
  const [open, setOpen] = useState(false)
  const connect = useMutation({
    mutationFn: () => writes.beginConnecting(connection.id),
    onSuccess: ({ address }) => window.location.assign(address),
    onError: (error) => toast.bad(problemText(error)),
  })
  const { state, reason, expires_at, connected_at, connected_by } = tokens
  const byPerson = tokens.grant === 'authorization_code'
  const begun = state !== 'not_connected'
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs">
      <Status status={state} className="!text-xs" />
      {!byPerson && <span className="text-muted">{s.tokens.byItself}</span>}
      {state === 'connected' && connected_at != null && (
        <span className="text-muted">
          {s.tokens.by(connected_by ?? '')} <Ago at={connected_at} />
        </span>
      )}
      {state === 'connected' && expires_at != null && (
        <span className="text-faint">
          {s.tokens.ends} <At at={expires_at} />
        </span>
      )}
      {byPerson && (
        <span className="flex gap-1">
          <Button
            small
            look={state === 'connected' ? 'quiet' : 'primary'}
            disabled={!may}
            busy={connect.isPending || connect.isSuccess}
            aria-label={begun ? s.tokens.reconnectNamed(connection.name) : s.tokens.connectNamed(connection.name)}
            onClick={() => connect.mutate()}
          >
            {begun ? s.tokens.reconnect : s.tokens.connect}
          </Button>
          {begun && (
            <Button small look="quiet" disabled={!may} onClick={() => setOpen(true)}>
              {s.tokens.disconnect}
            </Button>
          )}
        </span>
      )}
      {reason && <p className="w-full break-words text-bad">{reason}</p>}
      {open && <Disconnect connection={connection} onClose={() => setOpen(false)} />}
    </div>
  )
}
