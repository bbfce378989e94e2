import { Link } from '@tanstack/react-router'
import { ArrowDown, ArrowUp, CircleCheck, CircleX, Diff, X } from 'lucide-react'
import { ApiProblem } from '@/api/client'
import type { BatchDecided } from '@/api/types'
import { columnsOf, outliers, type Outlier } from '@/model/alike'
import { IconButton } from '@/ui/button'
import { Cell, CardTable, Line } from '@/ui/card-table'
import { Left } from '@/ui/time'
import { strings } from './strings'
import type { Batch } from './use-batch'
import { alreadyText } from './use-decision'

const s = strings.batch
const ICON = { high: ArrowUp, low: ArrowDown, other: Diff }

function Value({ text, outlier }: { text: string | undefined; outlier: Outlier }) {
  if (!outlier) return text ?? <span className="text-faint">{s.none}</span>
  const Icon = ICON[outlier]
  return (
    <mark className="inline-flex flex-wrap items-center gap-x-1.5 rounded bg-warn-soft px-1.5 font-medium text-warn">
      {text ?? s.none}
      <span className="inline-flex items-center gap-0.5 text-xs">
        <Icon size={12} aria-hidden /> {s.outliers[outlier]}
      </span>
    </mark>
  )
}

/** What came of one: decided, noted, or why not. */
function Result({ result }: { result: BatchDecided }) {
  if (result.problem) {
    const problem = new ApiProblem(result.problem)
    return (
      <span className="inline-flex items-start gap-1 text-bad">
        <CircleX size={14} className="mt-0.5 shrink-0" aria-hidden /> {alreadyText(problem) ?? problem.message}
      </span>
    )
  }
  const open = result.decided?.status === 'open'
  return (
    <span className="inline-flex items-start gap-1">
      <CircleCheck size={14} className="mt-0.5 shrink-0 text-ok" aria-hidden />
      {open ? strings.notYet : (strings.outcomeWords[result.decided?.outcome ?? ''] ?? s.decided)}
    </span>
  )
}

/** One row for each, the facts as columns; what stands out among them is marked. */
export function BatchTable({ batch, busy }: { batch: Batch; busy: boolean }) {
  const { chosen: items, results, pending } = batch
  const labels = columnsOf(items)
  const columns = labels.map((label) => {
    const values = items.map((item) => item.facts.find((fact) => fact.label === label)?.value)
    return { label, values, marks: outliers(values) }
  })
  const marked = columns.reduce((sum, { marks }) => sum + marks.filter(Boolean).length, 0)
  return (
    <div className="min-w-0 overflow-x-auto" tabIndex={0} role="region" aria-label={s.table}>
      {marked > 0 && <p className="px-4 pb-2 text-sm text-warn">{s.marked(marked)}</p>}
      <CardTable label={s.table} columns={[s.what, ...labels, s.left, s.result]}>
        {items.map((item, row) => {
          const result = results.get(item.id)
          return (
            <Line key={item.id}>
              <Cell head>
                <Link
                  to="/inbox/$checkpoint"
                  params={{ checkpoint: item.id }}
                  target="_blank"
                  className="font-medium hover:underline"
                >
                  {item.summary || item.title}
                </Link>
                {item.customer?.name && <span className="block text-xs text-faint">{item.customer.name}</span>}
              </Cell>
              {columns.map(({ label, values, marks }) => (
                <Cell key={label} label={label}>
                  <Value text={values[row]} outlier={marks[row] ?? null} />
                </Cell>
              ))}
              <Cell label={s.left}>{item.due_at ? <Left due={item.due_at} over={strings.overdue} /> : s.none}</Cell>
              <Cell label={s.result}>
                {result ? <Result result={result} /> : <span className="text-faint">–</span>}
              </Cell>
              <Cell action>
                {pending.includes(item) && (
                  <IconButton
                    label={s.leaveOut(item.summary || item.title)}
                    disabled={busy}
                    onClick={() => batch.toggle(item)}
                  >
                    <X size={15} />
                  </IconButton>
                )}
              </Cell>
            </Line>
          )
        })}
      </CardTable>
    </div>
  )
}
