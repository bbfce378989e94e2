import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { brief } from '@/model/json'
import { expressionFor, type Marks } from '@/model/state-tree'
import { cx } from '@/ui/cx'
import { strings } from './strings'

const s = strings.debug
const LINES_MAX = 200
const TONES = { added: 'bg-ok-soft', removed: 'bg-bad-soft', changed: 'bg-warn-soft' }

type NodeProps = {
  name: string
  value: unknown
  pointer: string
  marks: Marks
  depth: number
  onPick: (expression: string) => void
}

function Node({ name, value, pointer, marks, depth, onPick }: NodeProps) {
  const holds = marks.above.has(pointer)
  const mark = marks.changed.get(pointer)
  // Folded by hand, or open where something changed: another point opens and closes by itself.
  const [folded, setFolded] = useState<boolean | null>(null)
  const open = folded === null ? holds || (depth === 0 && name === 'vars') : !folded
  const expression = expressionFor(pointer)
  const label = (
    <button
      type="button"
      disabled={!expression}
      title={expression ? s.use(expression) : undefined}
      onClick={() => expression && onPick(expression)}
      className="rounded text-muted enabled:hover:text-accent enabled:hover:underline"
    >
      {name}
    </button>
  )
  const note = mark && <span className="sr-only"> {s.marked[mark]}</span>
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) {
    return (
      <div className={cx('rounded pr-1 pl-5', mark && TONES[mark])}>
        {label}:{' '}
        <span
          className={cx(
            'break-words whitespace-pre-wrap',
            typeof value === 'string' ? 'text-ok' : value === null ? 'text-faint' : 'text-accent',
          )}
        >
          {JSON.stringify(value)}
        </span>
        {note}
      </div>
    )
  }
  const entries: [string, unknown][] = Object.entries(value)
  return (
    <div className={cx('rounded', mark && TONES[mark])}>
      <div className="flex items-start">
        <button
          type="button"
          aria-expanded={open}
          aria-label={s.fold(name)}
          onClick={() => setFolded(open)}
          className="flex h-5 w-5 shrink-0 items-center justify-center rounded hover:bg-hover"
        >
          <ChevronRight size={14} className={cx('text-faint transition-transform', open && 'rotate-90')} />
        </button>
        <span className="min-w-0">
          {label}
          {holds && !open && (
            <span className="ml-1 inline-block size-1.5 rounded-full bg-warn align-middle">
              <span className="sr-only">{s.holdsChange}</span>
            </span>
          )}
          {!open && <span className="text-faint"> {brief(value, 60)}</span>}
          {note}
        </span>
      </div>
      {open && (
        <div className="ml-2.5 border-l border-line pl-1">
          {entries.slice(0, LINES_MAX).map(([key, inner]) => (
            <Node
              key={key}
              name={key}
              value={inner}
              pointer={`${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`}
              marks={marks}
              depth={depth + 1}
              onPick={onPick}
            />
          ))}
          {entries.length > LINES_MAX && <div className="pl-5 text-faint">… {entries.length - LINES_MAX}</div>}
        </div>
      )}
    </div>
  )
}

/** A state to unfold; what changed is marked and unfolded. A name puts its expression into the box. */
export function StateTree({
  state,
  marks,
  onPick,
}: {
  state: unknown
  marks: Marks
  onPick: (expression: string) => void
}) {
  const parts = Object.entries((state ?? {}) as Record<string, unknown>)
  return (
    <div
      role="group"
      aria-label={s.state}
      className="overflow-x-auto rounded-md border border-line bg-sunken p-2 font-mono text-xs leading-5"
    >
      {parts.map(([name, value]) => (
        <Node key={name} name={name} value={value} pointer={`/${name}`} marks={marks} depth={0} onPick={onPick} />
      ))}
    </div>
  )
}
