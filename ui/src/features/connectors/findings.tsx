import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import type { ConnectorUse, LeftOutOperation, PutInConnector } from '@/api/types'
import { Button } from '@/ui/button'
import { strings } from './strings'

const s = strings.result
const SHOWN_FIRST = 50

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="flex flex-col gap-2">
      <h3 className="text-sm font-semibold">{title}</h3>
      {children}
    </section>
  )
}

/** The first of a long list, and the others when asked for. */
function useShown<T>(list: readonly T[]) {
  const [all, setAll] = useState(false)
  const hidden = all ? 0 : Math.max(0, list.length - SHOWN_FIRST)
  return {
    shown: all ? list : list.slice(0, SHOWN_FIRST),
    more: hidden > 0 && (
      <div>
        <Button small onClick={() => setAll(true)}>
          {s.more(hidden)}
        </Button>
      </div>
    ),
  }
}

function LeftOut({ list }: { list: readonly LeftOutOperation[] }) {
  const { shown, more } = useShown(list)
  return (
    <Section title={s.leftOut(list.length)}>
      <p className="text-sm text-muted">{s.leftOutText}</p>
      <div
        className="overflow-x-auto rounded-lg border border-line"
        tabIndex={0}
        role="region"
        aria-label={s.leftOutTable}
      >
        <table className="w-full text-left text-sm">
          <thead className="border-b border-line text-xs text-muted">
            <tr>
              <th scope="col" className="px-3 py-1.5 font-medium">
                {s.place}
              </th>
              <th scope="col" className="px-3 py-1.5 font-medium">
                {s.reason}
              </th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {shown.map((left) => (
              <tr key={left.pointer} className="align-top">
                <td className="px-3 py-1.5 font-mono text-xs break-all">{left.pointer}</td>
                <td className="min-w-48 px-3 py-1.5 break-words">{left.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more}
    </Section>
  )
}

function Warnings({ list }: { list: readonly string[] }) {
  const { shown, more } = useShown(list)
  return (
    <Section title={s.warnings(list.length)}>
      <ul className="list-disc rounded-md bg-warn-soft py-2 pr-3 pl-8 text-sm break-words text-warn">
        {shown.map((warning, index) => (
          <li key={index}>{warning}</li>
        ))}
      </ul>
      {more}
    </Section>
  )
}

function Paged({ names }: { names: readonly string[] }) {
  const { shown, more } = useShown(names)
  return (
    <Section title={s.paged(names.length)}>
      <p className="text-sm text-muted">{s.pagedText}</p>
      <p className="font-mono text-xs leading-5 break-words">{shown.join(', ')}</p>
      {more}
    </Section>
  )
}

function Names({ label, names }: { label: string; names: readonly string[] }) {
  if (names.length === 0) return null
  return (
    <div className="grid gap-x-3 text-sm sm:grid-cols-[8rem_1fr]">
      <dt className="text-muted">{label}</dt>
      <dd className="font-mono text-xs leading-5 break-words">{names.join(', ')}</dd>
    </div>
  )
}

type Difference = NonNullable<NonNullable<PutInConnector['changes']>['inside']>[number]

/** What differs inside one action: its risk and address first, for these are what people decide by. */
function Inside({ difference }: { difference: Difference }) {
  const { action, risk, risk_before, address, address_before, input, other } = difference
  const named = (one: string) => strings.risk[one] ?? one
  return (
    <li className="px-3 py-2 text-sm">
      <span className="font-mono text-xs break-all">{action}</span>
      <ul className="list-disc pl-5 break-words">
        {risk_before && <li className="text-warn">{s.riskChanged(named(risk_before), named(risk))}</li>}
        {address_before && <li className="text-warn">{s.addressChanged(address_before, address)}</li>}
        {input.map((text) => (
          <li key={text}>{text}</li>
        ))}
        {other.length > 0 && <li className="text-muted">{s.otherChanged(other)}</li>}
      </ul>
    </li>
  )
}

function Changes({ changes }: { changes: NonNullable<PutInConnector['changes']> }) {
  const { added, removed, changed, inside = [], of_all = [] } = changes
  const { shown, more } = useShown(inside)
  if (added.length + removed.length + changed.length + of_all.length === 0) {
    return <p className="text-sm text-muted">{s.same}</p>
  }
  return (
    <Section title={s.changes}>
      <dl className="flex flex-col gap-1 rounded-lg border border-line p-3">
        <Names label={s.added} names={added} />
        <Names label={s.gone} names={removed} />
        <Names label={s.different} names={changed} />
        <Names label={s.ofAll} names={of_all} />
      </dl>
      {inside.length > 0 && (
        <ul aria-label={s.inside} className="divide-y divide-line rounded-lg border border-line">
          {shown.map((difference) => (
            <Inside key={difference.action} difference={difference} />
          ))}
        </ul>
      )}
      {more}
    </Section>
  )
}

function UsedBy({ uses }: { uses: readonly ConnectorUse[] }) {
  return (
    <Section title={s.usedBy(uses.length)}>
      <p className="text-sm text-muted">{s.usedByText}</p>
      <ul className="divide-y divide-line rounded-lg border border-line">
        {uses.map((use) => {
          const wrong = use.diagnostics.filter((found) => found.severity !== 'info')
          return (
            <li key={use.workflow} className="flex flex-col gap-1 px-3 py-2 text-sm">
              <Link
                to="/workflows/$workflow"
                params={{ workflow: use.workflow }}
                className="font-medium text-accent underline"
              >
                {use.name}
              </Link>
              <span className="text-xs text-muted">{s.usedIn(use)}</span>
              {!use.draft ? null : wrong.length === 0 ? (
                <span className="text-ok">{s.stillRight}</span>
              ) : (
                <ul className="list-disc pl-5">
                  {wrong.slice(0, 8).map((found, index) => (
                    <li key={index} className={found.severity === 'error' ? 'text-bad' : 'text-warn'}>
                      {found.message}
                    </li>
                  ))}
                  {wrong.length > 8 && <li className="text-muted">{s.andMore(wrong.length - 8)}</li>}
                </ul>
              )}
            </li>
          )
        })}
      </ul>
    </Section>
  )
}

/** What is known of a document: what changed, whom it concerns, and what is to be looked at. */
export function Findings({ answer }: { answer: PutInConnector }) {
  const { paged, left_out, warnings, changes, used_by } = answer
  return (
    <>
      {changes && <Changes changes={changes} />}
      {used_by.length > 0 && <UsedBy uses={used_by} />}
      {paged.length > 0 && <Paged names={paged} />}
      {left_out.length > 0 && <LeftOut list={left_out} />}
      {warnings.length > 0 && <Warnings list={warnings} />}
    </>
  )
}
