import { useQuery } from '@tanstack/react-query'
import { RotateCcw } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { RunDetail, RunPoint, StateAtPoint } from '@/api/types'
import { QueryState } from '@/app/query-state'
import { marks } from '@/model/state-tree'
import { Button } from '@/ui/button'
import { Select } from '@/ui/field'
import { reads } from './api'
import { Changes, Evaluate, PointList } from './debug-parts'
import { Scrubber, useScrub, type Scrub } from './debug-scrubber'
import { StateTree } from './state-tree'
import { strings } from './strings'

const s = strings.debug

/** What changed since the point before, or since one that is chosen. */
function Changed({ scrub, points, state }: { scrub: Scrub; points: readonly RunPoint[]; state: StateAtPoint }) {
  const entries = points.filter((one) => one.kind === 'step_entered')
  return (
    <section className="flex flex-col gap-2">
      <div className="flex flex-wrap items-end justify-between gap-2">
        <h2 className="text-sm font-medium">{s.changedSince(state.compared_with, state.changes.length)}</h2>
        <Select
          aria-label={s.compare}
          value={scrub.from ?? ''}
          onChange={(event) => scrub.compare(event.target.value === '' ? undefined : Number(event.target.value))}
          className="!w-56"
        >
          <option value="">{s.comparePrevious}</option>
          <option value={0}>{s.compareStart}</option>
          {entries.map((entry) => (
            <option key={entry.point} value={entry.point}>
              {s.compareEntry(entry.visit ?? 0, entry.title ?? '')}
            </option>
          ))}
        </Select>
      </div>
      <Changes changes={state.changes} />
    </section>
  )
}

type Props = {
  run: RunDetail
  points: readonly RunPoint[]
  onRetry?: (step: string | undefined, point: number) => void
}

function Debug({ run, points, onRetry }: Props) {
  const scrub = useScrub(points)
  const { current } = scrub
  const query = useQuery(reads.runState(run.id, current, scrub.from))
  const [source, setSource] = useState('')
  const point = points[current - 1]
  const found = useMemo(() => marks(query.data?.changes ?? []), [query.data])
  return (
    <div className="flex flex-col gap-4 p-4">
      <Scrubber scrub={scrub} point={point} />
      <div className="grid gap-4 lg:grid-cols-[18rem_1fr]">
        <PointList points={points} current={current} onPick={scrub.go} />
        <QueryState query={query}>
          {(state) => (
            <div className="flex min-w-0 flex-col gap-4">
              <Evaluate run={run.id} point={current} source={source} onSource={setSource} />
              <Changed scrub={scrub} points={points} state={state} />
              <section className="flex flex-col gap-2">
                <div className="flex items-center justify-between gap-2">
                  <h2 className="text-sm font-medium">{s.state}</h2>
                  {onRetry && point && (
                    <Button
                      small
                      icon={<RotateCcw size={14} />}
                      onClick={() => onRetry(point.step ?? undefined, current)}
                    >
                      {s.retryHere}
                    </Button>
                  )}
                </div>
                <StateTree state={state.state} marks={found} onPick={setSource} />
              </section>
            </div>
          )}
        </QueryState>
      </div>
    </div>
  )
}

/** The run step by step: every point of its log with the state there, what changed, and what an expression gives. */
export default function DebugTab({
  run,
  onRetry,
}: {
  run: RunDetail
  onRetry?: (step: string | undefined, point: number) => void
}) {
  const query = useQuery(reads.runPoints(run.id))
  return <QueryState query={query}>{(data) => <Debug run={run} points={data.items} onRetry={onRetry} />}</QueryState>
}
