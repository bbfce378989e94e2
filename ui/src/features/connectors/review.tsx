import { useDeferredValue, useEffect, useRef, useState } from 'react'
import type { OfferedAction, PutInConnector } from '@/api/types'
import { Button } from '@/ui/button'
import { Field, Input, Select } from '@/ui/field'
import { Note } from '@/ui/states'
import { Findings } from './findings'
import { strings } from './strings'

const s = strings.review
const PAGE = 100

type Risk = OfferedAction['risk']
/** What a person says of actions, by their names. */
export type Risks = Record<string, Risk>

const RISKS: Risk[] = ['read', 'write', 'high']

const fits = (action: OfferedAction, text: string) => {
  const own = `${action.name} ${action.title} ${action.method} ${action.path}`.toLowerCase()
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => own.includes(word))
}

function RiskSelect({ label, risk, onChange }: { label: string; risk: Risk; onChange: (risk: Risk) => void }) {
  return (
    <Select aria-label={label} value={risk} onChange={(event) => onChange(event.target.value as Risk)}>
      {RISKS.map((one) => (
        <option key={one} value={one}>
          {strings.risk[one]}
        </option>
      ))}
    </Select>
  )
}

function Row({ action, said, onSay }: { action: OfferedAction; said?: Risk; onSay: (risk: Risk) => void }) {
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
        <RiskSelect label={s.riskOf(action.name)} risk={said ?? action.risk} onChange={onSay} />
        {said && said !== action.risk && (
          <span className="block text-xs text-faint">{s.was(strings.risk[action.risk] ?? action.risk)}</span>
        )}
      </td>
    </tr>
  )
}

function Actions({ actions, risks, onSay }: { actions: OfferedAction[]; risks: Risks; onSay: (all: Risks) => void }) {
  const [text, setText] = useState('')
  const [only, setOnly] = useState<Risk | ''>('')
  const [limit, setLimit] = useState(PAGE)
  const asked = useDeferredValue(text)
  // By what was guessed, so that a row does not vanish under the hand that corrects it.
  const found = actions.filter((action) => (only === '' || action.risk === only) && fits(action, asked))
  const shown = found.slice(0, limit)
  return (
    <section aria-label={s.table} className="flex flex-col gap-2">
      <h3 className="text-sm font-semibold">{s.table}</h3>
      <p className="text-sm text-muted">{actions.some((action) => action.guessed) ? s.guessed : s.said}</p>
      <div className="flex flex-wrap items-end gap-2">
        <Field label={strings.table.search} className="min-w-48 flex-1">
          {(props) => <Input {...props} type="search" value={text} onChange={(event) => setText(event.target.value)} />}
        </Field>
        <Field label={s.only}>
          {(props) => (
            <Select {...props} value={only} onChange={(event) => setOnly(event.target.value as Risk | '')}>
              <option value="">{strings.table.any(actions.length)}</option>
              {RISKS.map((one) => (
                <option key={one} value={one}>
                  {strings.table.counted(
                    strings.risk[one] ?? one,
                    actions.filter((action) => action.risk === one).length,
                  )}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </div>
      <p role="status" className="text-xs text-faint">
        {found.length === 0 ? strings.table.none : strings.table.shown(shown.length, found.length)}
      </p>
      {found.length > 0 && (
        <table className="w-full rounded-lg border border-line text-left text-sm">
          <thead className="border-b border-line text-xs text-muted">
            <tr>
              <th scope="col" className="px-3 py-1.5 font-medium">
                {strings.table.action}
              </th>
              <th scope="col" className="hidden px-3 py-1.5 font-medium sm:table-cell">
                {strings.table.what}
              </th>
              <th scope="col" className="px-3 py-1.5 font-medium">
                {strings.table.risk}
              </th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {shown.map((action) => (
              <Row
                key={action.name}
                action={action}
                said={risks[action.name]}
                onSay={(risk) => onSay({ ...risks, [action.name]: risk })}
              />
            ))}
          </tbody>
        </table>
      )}
      {found.length > limit && (
        <div>
          <Button onClick={() => setLimit(limit + PAGE)}>
            {strings.table.more(Math.min(PAGE, found.length - limit))}
          </Button>
        </div>
      )}
    </section>
  )
}

/** What would be put in: nothing is written before a person has looked at it. */
export function Review({
  offer,
  busy,
  onInstall,
  onBack,
}: {
  offer: PutInConnector
  busy: boolean
  onInstall: (risks: Risks) => void
  onBack: () => void
}) {
  const [said, setSaid] = useState<Risks>({})
  const head = useRef<HTMLHeadingElement>(null)
  useEffect(() => head.current?.focus(), [])
  const actions = offer.offered ?? []
  const corrected = Object.fromEntries(
    actions.flatMap(({ name, risk }) => (said[name] && said[name] !== risk ? [[name, said[name]]] : [])),
  )
  const count = Object.keys(corrected).length
  return (
    <div className="flex flex-col gap-6">
      <div className="flex flex-col gap-2">
        <h2 ref={head} tabIndex={-1} className="text-lg font-semibold outline-none">
          {s.title(offer.name, offer.revision)}
        </h2>
        <Note tone="ok">{strings.result.actions(offer.actions, offer.left_out.length)}</Note>
        <div className="flex flex-wrap items-center gap-2">
          <Button look="primary" busy={busy} onClick={() => onInstall(corrected)}>
            {s.install}
          </Button>
          <Button disabled={busy} onClick={onBack}>
            {s.back}
          </Button>
          {count > 0 && <span className="text-sm text-muted">{s.corrected(count)}</span>}
        </div>
      </div>
      <Actions actions={actions} risks={said} onSay={setSaid} />
      <Findings answer={offer} />
    </div>
  )
}
