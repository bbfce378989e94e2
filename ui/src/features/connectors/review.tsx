import { useEffect, useRef } from 'react'
import { ApiProblem } from '@/api/client'
import type { OfferedAction, PutInConnector } from '@/api/types'
import { Button } from '@/ui/button'
import { Select } from '@/ui/field'
import { Note } from '@/ui/states'
import { Findings } from './findings'
import { Found, RISKS, useFound, type Risk } from './found'
import { Refusal } from './refusal'
import { strings } from './strings'

const s = strings.review

/** What a person says of actions, by their names. */
export type Risks = Record<string, Risk>

function Row({ action, said, onSay }: { action: OfferedAction; said?: Risk; onSay: (risk: Risk) => void }) {
  const corrected = said !== undefined && said !== action.risk
  return (
    <tr className="align-top">
      <td className="px-3 py-1.5">
        <span className="font-mono text-xs break-all">{action.name}</span>
        <span className="block font-mono text-xs break-all text-muted">
          {action.method} {action.path}
        </span>
      </td>
      <td className="hidden px-3 py-1.5 break-words sm:table-cell">{action.title}</td>
      <td className="px-3 py-1.5">
        <Select
          aria-label={s.riskOf(action.name)}
          value={said ?? action.risk}
          onChange={(event) => onSay(event.target.value as Risk)}
        >
          {RISKS.map((one) => (
            <option key={one} value={one}>
              {strings.risk[one]}
            </option>
          ))}
        </Select>
        {(corrected || action.guessed) && (
          <span className="block text-xs text-faint">
            {corrected ? s.was(strings.risk[action.risk] ?? action.risk, action.guessed) : s.isGuess}
          </span>
        )}
      </td>
    </tr>
  )
}

type ActionsProps = { actions: readonly OfferedAction[]; risks: Risks; onSay: (all: Risks) => void }

function Actions({ actions, risks, onSay }: ActionsProps) {
  // By the risk that was offered, so that a row does not vanish under the hand that corrects it.
  const found = useFound(actions, ({ name, title, method, path }) => `${name} ${title} ${method} ${path}`)
  return (
    <section aria-label={s.table} className="flex flex-col gap-2">
      <h3 className="text-sm font-semibold">{s.table}</h3>
      <p className="text-sm text-muted">{actions.some((action) => action.guessed) ? s.guessed : s.said}</p>
      <Found found={found} only={s.only}>
        {(action) => (
          <Row
            key={action.name}
            action={action}
            said={risks[action.name]}
            onSay={(risk) => onSay({ ...risks, [action.name]: risk })}
          />
        )}
      </Found>
    </section>
  )
}

/** The risks that are put right, and not only said again. */
export function corrected(offer: PutInConnector, risks: Risks): Risks {
  const differs = (offer.offered ?? []).flatMap(({ name, risk }) => {
    const said = risks[name]
    return said && said !== risk ? [[name, said] as const] : []
  })
  return Object.fromEntries(differs)
}

type Props = {
  offer: PutInConnector
  risks: Risks
  busy: boolean
  /** Why it was not put in. */
  error: Error | null
  onSay: (risks: Risks) => void
  onInstall: () => void
  onBack: () => void
  /** It is looked at once more. */
  onAgain: () => void
}

/** What would be put in: nothing is written before a person has looked at it. */
export function Review({ offer, risks, busy, error, onSay, onInstall, onBack, onAgain }: Props) {
  const head = useRef<HTMLHeadingElement>(null)
  // The button that was pressed cannot be meanwhile, and loses the focus.
  useEffect(() => head.current?.focus(), [error])
  const count = Object.keys(corrected(offer, risks)).length
  const changed = error instanceof ApiProblem && error.problem.code === 'connector_changed'
  return (
    <div className="flex flex-col gap-6">
      {error && <Refusal error={error}>{changed && <Button onClick={onAgain}>{s.again}</Button>}</Refusal>}
      <div className="flex flex-col gap-2">
        <h2 ref={head} tabIndex={-1} className="text-lg font-semibold outline-none">
          {s.title(offer.name, offer.revision)}
        </h2>
        <Note tone="ok">{strings.result.actions(offer.actions, offer.left_out.length)}</Note>
        <div className="flex flex-wrap items-center gap-2">
          <Button look="primary" busy={busy} onClick={onInstall}>
            {s.install}
          </Button>
          <Button disabled={busy} onClick={onBack}>
            {s.back}
          </Button>
          {count > 0 && <span className="text-sm text-muted">{s.corrected(count)}</span>}
        </div>
      </div>
      <Actions actions={offer.offered ?? []} risks={risks} onSay={onSay} />
      <Findings answer={offer} />
    </div>
  )
}
