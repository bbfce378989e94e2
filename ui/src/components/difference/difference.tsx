import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { queries } from '@/api/queries'
import type { Diff } from '@/api/types'
import { QueryState } from '@/app/query-state'
import type { Change } from '@/model/compare'
import { parseDiff, type DiffLine } from '@/model/diff'
import { cx } from '@/ui/cx'
import { Skeleton } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { CHANGE_LOOK } from './look'
import { strings as s } from './strings'

const GraphDiff = lazy(() => import('./graph-diff'))

const LINE = { same: '', hunk: 'bg-accent-soft text-muted', added: 'bg-ok-soft', removed: 'bg-bad-soft' }
const SIGN = { same: ' ', hunk: ' ', added: '+', removed: '−' }
const KINDS = ['added', 'removed', 'changed', 'moved', 'renamed'] as const

/** Which steps differ, as words. */
function Chips({ steps }: { steps: Record<Change, string[]> }) {
  return (
    <p className="flex flex-wrap gap-1.5">
      {KINDS.flatMap((kind) =>
        steps[kind].map((step) => (
          <span
            key={`${kind}.${step}`}
            className={cx('rounded px-2 py-0.5 text-xs', CHANGE_LOOK[kind].text, CHANGE_LOOK[kind].soft)}
          >
            {s[kind]} <span className="font-mono">{step}</span>
          </span>
        )),
      )}
    </p>
  )
}

/** Lines with what came and what went marked by sign and colour. */
export function TextDiff({ lines, className }: { lines: readonly DiffLine[]; className?: string }) {
  return (
    <div
      className={cx('overflow-x-auto rounded-lg border border-line', className)}
      tabIndex={0}
      role="region"
      aria-label={s.diffLabel}
    >
      <table className="w-full border-collapse font-mono text-xs leading-5">
        <tbody>
          {lines.map((line, index) => (
            <tr key={index} className={LINE[line.kind]}>
              <td className="w-10 px-2 text-right text-faint select-none">{line.from}</td>
              <td className="w-10 px-2 text-right text-faint select-none">{line.to}</td>
              <td className="w-4 text-center select-none">{SIGN[line.kind]}</td>
              <td className="pr-4 whitespace-pre">{line.text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Both({ id, diff, height }: { id: string; diff: Diff; height?: string }) {
  const [view, setView] = useState<'graph' | 'text'>('graph')
  if (diff.text_diff.trim() === '' && diff.changes.length === 0) return <p className="text-sm text-muted">{s.same}</p>
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <Tabs
          label={s.views.label}
          value={view}
          onChange={setView}
          tabs={[
            { id: 'graph', label: s.views.graph, count: diff.changes.length },
            { id: 'text', label: s.views.text },
          ]}
        />
        <Chips steps={diff.steps} />
      </div>
      {view === 'text' ? (
        <TextDiff lines={parseDiff(diff.text_diff)} />
      ) : (
        <Suspense fallback={<Skeleton className="h-96" />}>
          <GraphDiff id={id} diff={diff} height={height} />
        </Suspense>
      )}
    </>
  )
}

/** What differs between two versions, or a version and the draft: as graphs side by side, and as text. */
export function Difference({ id, from, to, height }: { id: string; from: number; to: string; height?: string }) {
  const query = useQuery(queries.diff(id, from, to))
  return (
    <QueryState query={query} skeleton={<Skeleton className="h-40" />}>
      {(diff) => <Both key={`${from}.${to}`} id={id} diff={diff} height={height} />}
    </QueryState>
  )
}
