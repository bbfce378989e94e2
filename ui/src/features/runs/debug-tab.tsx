import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ChevronLeft, ChevronRight, RotateCcw } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { problemText } from '@/api/client'
import type { RunDetail, RunPoint, StateChange } from '@/api/types'
import { useActions } from '@/app/actions'
import { QueryState } from '@/app/query-state'
import { useMay } from '@/app/session'
import { brief } from '@/model/json'
import { marks } from '@/model/state-tree'
import { Button, IconButton } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Field, Input, Select } from '@/ui/field'
import { JsonView } from '@/ui/json-view'
import { Note } from '@/ui/states'
import { useSettled } from '@/ui/use-settled'
import { reads } from './api'
import { StateTree } from './state-tree'
import { strings } from './strings'

const s = strings.debug

function clock(at: number): string {
  const time = new Date(at)
  return `${time.toLocaleTimeString(undefined, { hour12: false })}.${String(time.getMilliseconds()).padStart(3, '0')}`
}

function PointList({
  points,
  current,
  onPick,
}: {
  points: readonly RunPoint[]
  current: number
  onPick: (point: number) => void
}) {
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => {
    list.current?.querySelector('[aria-current="step"]')?.scrollIntoView({ block: 'nearest' })
  }, [current])
  return (
    <ol
      ref={list}
      aria-label={s.points}
      className="max-h-56 overflow-y-auto rounded-md border border-line lg:max-h-[calc(100dvh-20rem)]"
    >
      {points.map((point, index) => {
        const begins = point.visit != null && points[index - 1]?.visit !== point.visit
        return (
          <li key={point.point}>
            {begins && (
              <p className="truncate border-t border-line bg-sunken px-2 py-1 text-xs font-medium first:border-t-0">
                {point.visit}. {point.title}
              </p>
            )}
            <button
              type="button"
              aria-current={point.point === current ? 'step' : undefined}
              onClick={() => onPick(point.point)}
              className={cx(
                'flex w-full items-baseline gap-2 px-2 py-0.5 text-left text-xs hover:bg-hover',
                point.point === current && 'bg-accent-soft font-medium text-accent',
              )}
            >
              <span className="w-7 shrink-0 text-right text-faint tabular-nums">{point.point}</span>
              <span className="truncate">
                {s.kinds[point.kind] ?? point.kind.replaceAll('_', ' ')}
                {point.note && <span className="text-faint"> · {point.note}</span>}
              </span>
            </button>
          </li>
        )
      })}
    </ol>
  )
}

function Changes({ changes }: { changes: readonly StateChange[] }) {
  if (changes.length === 0) return <p className="text-sm text-faint">{s.noChange}</p>
  return (
    <ul tabIndex={0} aria-label={s.changes} className="flex max-h-72 flex-col gap-1 overflow-y-auto font-mono text-xs">
      {changes.map((change) => (
        <li
          key={change.pointer}
          className="grid gap-x-2 rounded border border-line px-2 py-1 sm:grid-cols-[minmax(8rem,1fr)_2fr]"
        >
          <span className="break-all text-muted">{change.pointer || '/'}</span>
          <span className="min-w-0 break-words">
            {change.kind !== 'added' && (
              <del className="rounded bg-bad-soft px-1 text-bad">{brief(change.before, 120)}</del>
            )}
            {change.kind === 'changed' && (
              <span aria-hidden className="text-faint">
                {' '}
                →{' '}
              </span>
            )}
            {change.kind !== 'removed' && (
              <ins className="rounded bg-ok-soft px-1 text-ok no-underline">{brief(change.after, 120)}</ins>
            )}
          </span>
        </li>
      ))}
    </ul>
  )
}

function Evaluate({
  run,
  point,
  source,
  onSource,
}: {
  run: string
  point: number
  source: string
  onSource: (source: string) => void
}) {
  const settled = useSettled(source)
  const may = useMay('operator')
  const { data, error } = useQuery({
    ...reads.runEvaluation(run, point, settled),
    enabled: may && settled.trim() !== '',
  })
  const shown = settled.trim() !== '' && data
  return (
    <section className="flex flex-col gap-2">
      <Field label={s.expression} hint={may ? s.expressionHint : s.needsOperator}>
        {(props) => (
          <Input
            {...props}
            disabled={!may}
            spellCheck={false}
            autoComplete="off"
            className="font-mono"
            value={source}
            onChange={(event) => onSource(event.target.value)}
          />
        )}
      </Field>
      <div aria-live="polite" aria-label={s.result} role="region">
        {error && settled.trim() !== '' && <Note tone="bad">{problemText(error)}</Note>}
        {shown && data.error && (
          <Note tone="warn">
            {data.error} <span className="font-mono text-xs">{data.code}</span>
          </Note>
        )}
        {shown &&
          !data.error &&
          (data.nothing ? (
            <p className="text-sm text-faint">{s.nothing}</p>
          ) : (
            <JsonView value={data.value} label={s.value} />
          ))}
      </div>
    </section>
  )
}

function Debug({
  run,
  points,
  onRetry,
}: {
  run: RunDetail
  points: readonly RunPoint[]
  onRetry?: (step: string | undefined, point: number) => void
}) {
  const search = useSearch({ from: '/shell/runs/$run' })
  const navigate = useNavigate({ from: '/runs/$run' })
  const last = points.length
  const current = Math.min(Math.max(search.point ?? last, 0), last)
  const go = (point: number) =>
    void navigate({
      search: (old) => ({ ...old, tab: 'debug', point: Math.min(Math.max(point, 0), last) }),
      replace: true,
      resetScroll: false,
    })
  const compare = (from: number | undefined) =>
    void navigate({ search: (old) => ({ ...old, from }), replace: true, resetScroll: false })
  useActions([
    { id: 'debug.next', label: s.next, group: strings.group, shortcut: 'j', quiet: true, run: () => go(current + 1) },
    {
      id: 'debug.previous',
      label: s.previous,
      group: strings.group,
      shortcut: 'k',
      quiet: true,
      run: () => go(current - 1),
    },
    {
      id: 'debug.right',
      label: s.next,
      group: strings.group,
      shortcut: 'arrowright',
      quiet: true,
      run: () => go(current + 1),
    },
    {
      id: 'debug.left',
      label: s.previous,
      group: strings.group,
      shortcut: 'arrowleft',
      quiet: true,
      run: () => go(current - 1),
    },
  ])
  const query = useQuery(reads.runState(run.id, current, search.from))
  const [source, setSource] = useState('')
  const point = points[current - 1]
  const found = useMemo(() => marks(query.data?.changes ?? []), [query.data])
  const entries = points.filter((one) => one.kind === 'step_entered')
  const at = point
    ? s.at(current, last, clock(point.at), s.kinds[point.kind] ?? point.kind, point.title ?? undefined)
    : s.start(last)
  return (
    <div className="flex flex-col gap-4 p-4">
      <div className="flex flex-wrap items-center gap-2">
        <IconButton
          label={s.previous}
          aria-keyshortcuts="k ArrowLeft"
          disabled={current === 0}
          onClick={() => go(current - 1)}
        >
          <ChevronLeft size={16} />
        </IconButton>
        <input
          type="range"
          aria-label={s.scrubber}
          aria-valuetext={at}
          min={0}
          max={last}
          value={current}
          onChange={(event) => go(Number(event.target.value))}
          className="min-w-40 flex-1 accent-accent"
        />
        <IconButton
          label={s.next}
          aria-keyshortcuts="j ArrowRight"
          disabled={current === last}
          onClick={() => go(current + 1)}
        >
          <ChevronRight size={16} />
        </IconButton>
        <p className="basis-full text-sm text-muted tabular-nums" aria-live="polite">
          {at}
        </p>
      </div>
      <div className="grid gap-4 lg:grid-cols-[18rem_1fr]">
        <PointList points={points} current={current} onPick={go} />
        <QueryState query={query}>
          {(state) => (
            <div className="flex min-w-0 flex-col gap-4">
              <Evaluate run={run.id} point={current} source={source} onSource={setSource} />
              <section className="flex flex-col gap-2">
                <div className="flex flex-wrap items-end justify-between gap-2">
                  <h2 className="text-sm font-medium">{s.changedSince(state.compared_with, state.changes.length)}</h2>
                  <Select
                    aria-label={s.compare}
                    value={search.from ?? ''}
                    onChange={(event) => compare(event.target.value === '' ? undefined : Number(event.target.value))}
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
