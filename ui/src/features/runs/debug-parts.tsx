import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { problemText } from '@/api/client'
import type { RunPoint, StateChange } from '@/api/types'
import { useMay } from '@/app/session'
import { brief } from '@/model/json'
import { cx } from '@/ui/cx'
import { Field, Input } from '@/ui/field'
import { JsonView } from '@/ui/json-view'
import { Note } from '@/ui/states'
import { useSettled } from '@/ui/use-settled'
import { reads } from './api'
import { strings } from './strings'

const s = strings.debug

/** Every point of the log, under the visit it belongs to. */
export function PointList({
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

/** What is different, place by place. */
export function Changes({ changes }: { changes: readonly StateChange[] }) {
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

/** An expression, and what it gives at this point. */
export function Evaluate({
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
