import { useDeferredValue, useState } from 'react'
import type { ActionSpec } from '@/api/types'
import { useMay } from '@/app/session'
import { strings as trying } from '@/components/try-action/strings'
import { TryAction } from '@/components/try-action/try-action'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Field, Input, Select } from '@/ui/field'
import { strings } from './strings'

const s = strings.table
const PAGE = 100

type Risk = ActionSpec['risk']

const RISKS: Record<Risk, string> = {
  read: 'bg-hover text-muted',
  write: 'bg-warn-soft text-warn',
  high: 'bg-bad-soft text-bad',
}

export function RiskMark({ risk }: { risk: Risk }) {
  return (
    <span className={cx('rounded-full px-2 py-0.5 text-xs whitespace-nowrap', RISKS[risk])}>{strings.risk[risk]}</span>
  )
}

function matches(action: ActionSpec, text: string, risk: Risk | ''): boolean {
  if (risk !== '' && action.risk !== risk) return false
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const own = `${action.name} ${action.title} ${action.description}`.toLowerCase()
  return words.every((word) => own.includes(word))
}

function Row({ action, onTry }: { action: ActionSpec; onTry?: () => void }) {
  const said = action.description || action.title
  return (
    <tr className="align-top">
      <td className="px-3 py-1.5 font-mono text-xs break-all">
        {action.name}
        <span className="mt-0.5 line-clamp-2 block font-sans text-xs break-words text-muted sm:hidden">{said}</span>
      </td>
      <td className="hidden px-3 py-1.5 sm:table-cell">
        <span className="line-clamp-2 break-words">{said}</span>
      </td>
      <td className="px-3 py-1.5">
        <RiskMark risk={action.risk} />
      </td>
      {onTry && (
        <td className="px-3 py-1 text-right">
          <Button small look="quiet" aria-label={trying.openNamed(action.name)} onClick={onTry}>
            {trying.open}
          </Button>
        </td>
      )}
    </tr>
  )
}

function Table({ actions }: { actions: readonly ActionSpec[] }) {
  const [tried, setTried] = useState<ActionSpec | null>(null)
  const may = useMay('builder')
  return (
    <>
      <table className="w-full rounded-lg border border-line text-left text-sm">
        <thead className="border-b border-line text-xs text-muted">
          <tr>
            <th scope="col" className="px-3 py-1.5 font-medium">
              {s.action}
            </th>
            <th scope="col" className="hidden px-3 py-1.5 font-medium sm:table-cell">
              {s.what}
            </th>
            <th scope="col" className="px-3 py-1.5 font-medium">
              {s.risk}
            </th>
            {may && (
              <th scope="col" className="px-3 py-1.5">
                <span className="sr-only">{trying.open}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {actions.map((action) => (
            <Row key={action.name} action={action} onTry={may ? () => setTried(action) : undefined} />
          ))}
        </tbody>
      </table>
      {tried && <TryAction key={tried.name} action={tried} onClose={() => setTried(null)} />}
    </>
  )
}

/** Everything a connector can do, to be searched, with the harm each can do. */
export function ActionTable({ actions }: { actions: readonly ActionSpec[] }) {
  const [text, setText] = useState('')
  const [risk, setRisk] = useState<Risk | ''>('')
  const [limit, setLimit] = useState(PAGE)
  const asked = useDeferredValue(text)
  const found = actions.filter((action) => matches(action, asked, risk))
  const count = (one: Risk) => actions.filter((action) => action.risk === one).length
  return (
    <section aria-label={s.label} className="flex flex-col gap-2">
      <div className="flex flex-wrap items-end gap-2">
        <Field label={s.search} className="min-w-48 flex-1">
          {(props) => (
            <Input
              {...props}
              type="search"
              value={text}
              onChange={(event) => {
                setText(event.target.value)
                setLimit(PAGE)
              }}
            />
          )}
        </Field>
        <Field label={s.risk}>
          {(props) => (
            <Select {...props} value={risk} onChange={(event) => setRisk(event.target.value as Risk | '')}>
              <option value="">{s.any(actions.length)}</option>
              {(Object.keys(RISKS) as Risk[]).map((one) => (
                <option key={one} value={one}>
                  {s.counted(strings.risk[one] ?? one, count(one))}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </div>
      <p role="status" className="text-xs text-faint">
        {found.length === 0 ? s.none : s.shown(Math.min(limit, found.length), found.length)}
      </p>
      {found.length > 0 && <Table actions={found.slice(0, limit)} />}
      {found.length > limit && (
        <div>
          <Button onClick={() => setLimit(limit + PAGE)}>{s.more(Math.min(PAGE, found.length - limit))}</Button>
        </div>
      )}
    </section>
  )
}
