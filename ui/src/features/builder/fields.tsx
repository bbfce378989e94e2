import { ArrowUp, Plus, X } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { brief, getAt, jsonEqual, type Json } from '@/model/json'
import { parseDuration, spellDuration } from '@/model/duration'
import { listed } from '@/model/listed'
import { Button, IconButton } from '@/ui/button'
import { Field, Input, Textarea } from '@/ui/field'
import type { Mode } from '@/model/expression/complete'
import { useBuilder, useDocument } from './context'
import { ExpressionBox, ExpressionField, JsonBox } from './expression-field'
import type { Place } from './sample'
import { strings } from './strings'

const s = strings.inspector
type Path = readonly (string | number)[]

/** Reads and writes one place in a step by a named operation. Empty text takes the key away. */
export function useStepField<T extends Json>(id: string, path: Path): [T | undefined, (value: T | undefined) => void] {
  const builder = useBuilder()
  const document = useDocument()
  const value = getAt(document.steps[id], path) as T | undefined
  return [value, (next) => builder.perform({ op: 'set_field', id, path, value: next })]
}

type TextProps = {
  id: string
  path: Path
  label: ReactNode
  name?: string
  mode?: Mode
  hint?: ReactNode
  mono?: boolean
  rows?: number
  required?: boolean
  placeholder?: string
  type?: string
}

/** A text of the step, an expression or template when it has a `mode`. `required` keeps the key with an empty text. */
export function TextField({
  id,
  path,
  label,
  name: called,
  mode,
  hint,
  mono,
  rows,
  required,
  placeholder,
  type,
}: TextProps) {
  const [value, setValue] = useStepField<string>(id, path)
  const shown = typeof value === 'string' ? value : value === undefined || value === null ? '' : brief(value, 10_000)
  const set = (text: string) => setValue(text === '' && !required ? undefined : text)
  const look = mono ? 'font-mono !text-xs' : undefined
  const name = path.join('.')
  if (mode)
    return (
      <ExpressionField
        label={label}
        hint={hint}
        name={called ?? (typeof label === 'string' ? label : name)}
        field={name}
        mode={mode}
        lines={rows}
        placeholder={placeholder}
        value={shown}
        onChange={set}
      />
    )
  return (
    <Field label={label} hint={hint}>
      {(props) =>
        rows ? (
          <Textarea
            {...props}
            data-field={name}
            rows={rows}
            placeholder={placeholder}
            value={shown}
            className={look}
            onChange={(event) => set(event.target.value)}
          />
        ) : (
          <Input
            {...props}
            data-field={name}
            type={type}
            placeholder={placeholder}
            value={shown}
            className={look}
            spellCheck={!mono}
            onChange={(event) => set(event.target.value)}
          />
        )
      }
    </Field>
  )
}

/** A duration such as 4h, read back in words. */
export function DurationBox({
  label,
  hint,
  error,
  field,
  placeholder = '4h',
  value,
  onChange,
}: {
  label: ReactNode
  hint?: string
  error?: ReactNode
  field: string
  placeholder?: string
  value: string
  onChange: (text: string) => void
}) {
  const bad = value !== '' && parseDuration(value) === null
  return (
    <Field label={label} hint={value === '' ? hint : spellDuration(value)} error={bad ? s.duration : error}>
      {(props) => (
        <Input
          {...props}
          data-field={field}
          value={value}
          className="font-mono !text-xs"
          placeholder={placeholder}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}

/** A duration of the step. */
export function DurationField({
  id,
  path,
  label,
  hint,
  required,
}: {
  id: string
  path: Path
  label: ReactNode
  hint?: string
  required?: boolean
}) {
  const [value, setValue] = useStepField<string>(id, path)
  return (
    <DurationBox
      label={label}
      hint={hint}
      field={path.join('.')}
      value={value ?? ''}
      onChange={(text) => setValue(text === '' && !required ? undefined : text)}
    />
  )
}

/** A number; empty takes the key away, or with `keep` writes the fallback. */
export function NumberField({
  id,
  path,
  label,
  hint,
  fallback,
  min,
  max,
  keep,
}: {
  id: string
  path: Path
  label: string
  hint?: string
  fallback: number
  min?: number
  max?: number
  keep?: boolean
}) {
  const [value, setValue] = useStepField<number>(id, path)
  const write = (text: string) => {
    if (text !== '') setValue(Number(text))
    else setValue(keep ? fallback : undefined)
  }
  return (
    <Field label={label} hint={hint}>
      {(props) => (
        <Input
          {...props}
          data-field={path.join('.')}
          type="number"
          step="any"
          min={min}
          max={max}
          value={value ?? fallback}
          onChange={(event) => write(event.target.value)}
        />
      )}
    </Field>
  )
}

type JsonProps = {
  label: ReactNode
  name?: string
  hint?: string
  field?: string
  template?: boolean
  value: Json | undefined
  onChange: (value: Json | undefined) => void
  rows?: number
  /** What is wrong with the value, besides that it is no JSON. */
  problem?: string
}

/** JSON as text; only what parses reaches the document. With `template` its strings may hold expressions. */
export function JsonField({
  label,
  name,
  hint,
  field,
  template,
  value,
  onChange,
  rows = 5,
  problem: found,
}: JsonProps) {
  const [draft, setDraft] = useState<string | null>(null)
  const parsed = parse(draft ?? '')
  const text =
    draft !== null && (!parsed.ok || jsonEqual(parsed.value, value))
      ? draft
      : value === undefined
        ? ''
        : JSON.stringify(value, null, 2)
  const problem = draft !== null && !parsed.ok ? s.badJson : null
  const leave = () => parsed.ok && setDraft(null)
  const write = (written: string) => {
    setDraft(written)
    const next = parse(written)
    if (next.ok) onChange(next.value)
  }
  return (
    <Field label={label} hint={hint} error={problem ?? found}>
      {(props) =>
        template ? (
          <JsonBox
            id={props.id}
            name={name ?? (typeof label === 'string' ? label : '')}
            labelledBy={`${props.id}-label`}
            describedBy={props['aria-describedby']}
            field={field}
            lines={rows}
            problem={problem}
            value={text}
            onChange={write}
            onBlur={leave}
          />
        ) : (
          <Textarea
            {...props}
            data-field={field}
            rows={rows}
            spellCheck={false}
            value={text}
            className="font-mono !text-xs"
            onBlur={leave}
            onChange={(event) => write(event.target.value)}
          />
        )
      }
    </Field>
  )
}

function parse(text: string): { ok: true; value: Json | undefined } | { ok: false } {
  if (text.trim() === '') return { ok: true, value: undefined }
  try {
    return { ok: true, value: JSON.parse(text) as Json }
  } catch {
    return { ok: false }
  }
}

/** Words separated by commas, kept as a list. */
export function ListField({ id, path, label, hint }: { id: string; path: Path; label: string; hint?: string }) {
  const [value, setValue] = useStepField<string[]>(id, path)
  const [draft, setDraft] = useState<string | null>(null)
  const list = value ?? []
  return (
    <Field label={label} hint={hint}>
      {(props) => (
        <Input
          {...props}
          data-field={path.join('.')}
          value={draft ?? list.join(', ')}
          onBlur={() => setDraft(null)}
          onChange={(event) => {
            setDraft(event.target.value)
            const words = listed(event.target.value)
            setValue(words.length > 0 ? words : undefined)
          }}
        />
      )}
    </Field>
  )
}

/** A name that must stay unique among its like; it is changed when the typing is done. */
export function NameInput({
  label,
  value,
  taken,
  onCommit,
  className,
  autoFocus,
}: {
  label: string
  value: string
  autoFocus?: boolean
  taken: (name: string) => boolean
  onCommit: (name: string) => void
  className?: string
}) {
  const [draft, setDraft] = useState<string | null>(null)
  const problem =
    draft === null || draft === value
      ? null
      : draft.trim() === ''
        ? strings.pairs.empty
        : taken(draft.trim())
          ? strings.pairs.taken
          : null
  const commit = () => {
    if (draft !== null && problem === null && draft.trim() !== value) onCommit(draft.trim())
    setDraft(null)
  }
  return (
    <span className={className}>
      <Input
        aria-label={label}
        autoFocus={autoFocus}
        aria-invalid={problem !== null}
        title={problem ?? undefined}
        value={draft ?? value}
        spellCheck={false}
        className="font-mono !text-xs"
        onChange={(event) => setDraft(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => event.key === 'Enter' && commit()}
      />
      {problem && (
        <span role="alert" className="text-xs text-bad">
          {problem}
        </span>
      )}
    </span>
  )
}

/** Name and template pairs, such as `set`. */
export function PairsField({
  id,
  path,
  label,
  place,
  first = '{{ output }}',
}: {
  id: string
  path: Path
  label: string
  place?: Place
  first?: string
}) {
  const [value, setValue] = useStepField<Record<string, Json>>(id, path)
  const pairs = Object.entries(value ?? {})
  const names = new Set(pairs.map(([name]) => name))
  const [added, setAdded] = useState(-1)
  const write = (next: [string, Json][]) => setValue(next.length > 0 ? Object.fromEntries(next) : undefined)
  return (
    <fieldset data-field={path.join('.')} className="flex min-w-0 flex-col gap-1.5">
      <legend className="mb-1 text-xs font-medium text-muted">{label}</legend>
      {pairs.map(([name, template], index) => (
        <div key={index} className="grid grid-cols-[1fr_auto] gap-x-1 gap-y-0.5 border-l-2 border-line pl-2">
          <NameInput
            autoFocus={index === added}
            label={`${label}: ${name}`}
            value={name}
            taken={(other) => names.has(other)}
            onCommit={(next) => write(pairs.map((pair, at) => (at === index ? [next, pair[1]] : pair)))}
          />
          <IconButton label={s.remove(name)} onClick={() => write(pairs.filter((_, at) => at !== index))}>
            <X size={14} />
          </IconButton>
          <ExpressionBox
            className="col-span-2"
            name={`${name} =`}
            field={[...path, name].join('.')}
            mode="template"
            place={place}
            value={typeof template === 'string' ? template : JSON.stringify(template)}
            onChange={(text) => write(pairs.map((pair, at) => (at === index ? [pair[0], text] : pair)))}
          />
        </div>
      ))}
      <div>
        <Button
          small
          look="quiet"
          icon={<Plus size={13} />}
          aria-label={strings.pairs.add(label)}
          onClick={() => {
            setAdded(pairs.length)
            write([...pairs, [freshName(names), first]])
          }}
        >
          {label}
        </Button>
      </div>
    </fieldset>
  )
}

function freshName(names: ReadonlySet<string>): string {
  for (let number = 1; ; number += 1) if (!names.has(`value_${number}`)) return `value_${number}`
}

/** Buttons of a row in an ordered list. */
export function RowButtons({
  first,
  onUp,
  onRemove,
  upLabel,
  removeLabel,
  removable = true,
}: {
  first: boolean
  onUp: () => void
  onRemove: () => void
  upLabel: string
  removeLabel: string
  removable?: boolean
}) {
  return (
    <span className="ml-auto flex">
      <IconButton label={upLabel} disabled={first} onClick={onUp} className="!size-6">
        <ArrowUp size={13} />
      </IconButton>
      <IconButton label={removeLabel} disabled={!removable} onClick={onRemove} className="!size-6">
        <X size={13} />
      </IconButton>
    </span>
  )
}

/** Fields under a heading; `field` is the part of the step they are about. */
export function Group({ title, field, children }: { title: string; field?: string; children: ReactNode }) {
  return (
    <section data-field={field} className="flex flex-col gap-3 border-t border-line pt-3">
      <h3 className="text-xs font-semibold tracking-wide text-faint uppercase">{title}</h3>
      {children}
    </section>
  )
}

/** A copy with one item moved up by one. */
export function movedUp<T>(items: readonly T[], index: number): T[] {
  const copy = [...items]
  const [item] = copy.splice(index, 1)
  if (item !== undefined) copy.splice(index - 1, 0, item)
  return copy
}
