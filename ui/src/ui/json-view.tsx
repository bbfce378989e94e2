import { Check, ChevronRight, Copy } from 'lucide-react'
import { useState } from 'react'
import { brief } from '@/model/json'
import { cx } from './cx'
import { strings } from './strings'

const OPEN_DEPTH = 3
const LINES_MAX = 200

function Leaf({ value }: { value: unknown }) {
  if (typeof value === 'string')
    return <span className="break-words whitespace-pre-wrap text-ok">&quot;{value}&quot;</span>
  if (value === null || value === undefined) return <span className="text-faint">{String(null)}</span>
  return <span className="text-accent">{JSON.stringify(value)}</span>
}

function Node({ name, value, depth }: { name?: string; value: unknown; depth: number }) {
  const [open, setOpen] = useState(depth < OPEN_DEPTH)
  const label = name === undefined ? null : <span className="text-muted">{name}: </span>
  if (typeof value !== 'object' || value === null) {
    return (
      <div className="pl-4">
        {label}
        <Leaf value={value} />
      </div>
    )
  }
  const entries: [string, unknown][] = Object.entries(value)
  const [left, right] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  if (entries.length === 0)
    return (
      <div className="pl-4">
        {label}
        {left}
        {right}
      </div>
    )
  return (
    <div>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex w-full items-start text-left hover:bg-hover"
      >
        <ChevronRight
          size={14}
          className={cx('mt-0.5 shrink-0 text-faint transition-transform', open && 'rotate-90')}
        />
        <span>
          {label}
          {left}
          {!open && <span className="text-faint"> {brief(value, 60).slice(1)}</span>}
        </span>
      </button>
      {open && (
        <div className="ml-1.5 border-l border-line pl-1">
          {entries.slice(0, LINES_MAX).map(([key, inner]) => (
            <Node key={key} name={key} value={inner} depth={depth + 1} />
          ))}
          {entries.length > LINES_MAX && <div className="pl-4 text-faint">… {entries.length - LINES_MAX}</div>}
        </div>
      )}
      {open && <div className="pl-4">{right}</div>}
    </div>
  )
}

/** A JSON value to fold, read and copy. */
export function JsonView({ value, label }: { value: unknown; label: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(JSON.stringify(value, null, 2))
    setCopied(true)
    setTimeout(() => setCopied(false), 1200)
  }
  return (
    <div
      role="group"
      aria-label={label}
      className="group relative rounded-md border border-line bg-sunken p-2 font-mono text-xs leading-5"
    >
      <button
        type="button"
        aria-label={strings.copy}
        onClick={() => void copy()}
        className={cx(
          'absolute top-1 right-1 rounded p-1 text-faint opacity-60 group-hover:opacity-100 hover:bg-hover',
          'hover:text-text focus-visible:opacity-100',
        )}
      >
        {copied ? <Check size={14} /> : <Copy size={14} />}
      </button>
      <div className="max-h-96 overflow-auto pr-6">
        <Node value={value} depth={0} />
      </div>
    </div>
  )
}
