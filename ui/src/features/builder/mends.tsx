import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { queries } from '@/api/queries'
import type { Diagnostic } from '@/api/types'
import { useMay } from '@/app/session'
import { channelsOf } from '@/model/channels'
import { pointerParts } from '@/model/json'
import { Button, buttonClass } from '@/ui/button'
import { useBuilder, useDocument } from './context'
import { strings } from './strings'

const s = strings.problems.mends

/** One of several accounts, chosen for the step. */
function Accounts({ step }: { step: string }) {
  const builder = useBuilder()
  const document = useDocument()
  const { data } = useQuery(queries.connections())
  const call = document.steps[step]
  const connector = call?.type === 'tool_call' ? call.action.split('.')[0] : undefined
  const names = data?.items.filter((one) => one.connector === connector).map((one) => one.name) ?? []
  return names.map((name) => (
    <Button
      key={name}
      small
      onClick={() => builder.perform({ op: 'set_field', id: step, path: ['connection'], value: name })}
    >
      {s.use(name)}
    </Button>
  ))
}

/** A channel without an account is connected, or left out. */
function Unconnected({ step, at }: { step: string; at: number }) {
  const builder = useBuilder()
  const document = useDocument()
  const notify = document.steps[step]
  const channels = notify?.type === 'notify' ? channelsOf(notify) : []
  const rest = channels.filter((_, index) => index !== at)
  return (
    <>
      <Link to="/connectors" className={buttonClass('plain', true)}>
        {s.connect}
      </Link>
      {rest.length > 0 && (
        <Button small onClick={() => builder.perform({ op: 'set_field', id: step, path: ['channels'], value: rest })}>
          {s.leaveOut(channels[at] ?? '')}
        </Button>
      )}
    </>
  )
}

/** What mends a problem in one press; nothing where a field has to be filled in. */
export function Mends({ problem: { code, pointer } }: { problem: Diagnostic }) {
  const builds = useMay('builder')
  const administers = useMay('admin')
  const [part, step, , at] = pointerParts(pointer)
  if (part !== 'steps' || step === undefined || !builds) return null
  const mends =
    code === 'connection_choice' ? (
      <Accounts step={step} />
    ) : code === 'no_account' ? (
      <Unconnected step={step} at={Number(at)} />
    ) : (code === 'nobody_there' || code === 'unsatisfiable_policy') && administers ? (
      <Link to="/people" className={buttonClass('plain', true)}>
        {s.people}
      </Link>
    ) : null
  return mends && <div className="flex flex-wrap gap-1.5 pb-1 pl-6">{mends}</div>
}
