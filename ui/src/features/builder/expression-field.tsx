import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useMemo, useState, type ReactNode } from 'react'
import { queries } from '@/api/queries'
import { useMay } from '@/app/session'
import type { Mode } from '@/model/expression/complete'
import { indexOfByte } from '@/model/expression/sample'
import { brief } from '@/model/json'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Textarea } from '@/ui/field'
import { useStore } from '@/ui/store'
import { useBuilder } from './context'
import { readObject, scopeAt, useSample, useShape, type Place } from './sample'
import { strings } from './strings'

const s = strings.expression
const load = () => import('@/components/expression/expression-editor')
const ExpressionEditor = lazy(load)

/** Starts loading the editor before the first field is shown. */
export function preloadExpressionEditor(): void {
  void load()
}

const PAUSE_MS = 250

function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}

type Tried = { value?: unknown; nothing: boolean; error: string | null; at: number | null }

/** What the server makes of the text over the sample, a moment after the typing stops. */
function useTried(text: string, mode: Mode, place: Place, active: boolean): Tried | null {
  const sample = useSample()
  const settled = useSettled(text)
  const plain = mode === 'template' && !settled.includes('{{')
  const { data } = useQuery({ ...queries.evaluation(mode, settled, scopeAt(sample.data, place)), enabled: active && settled.trim() !== '' && !plain, placeholderData: keepPreviousData })
  return useMemo(() => {
    if (!data || settled.trim() === '' || plain) return null
    return { value: data.value, nothing: data.nothing, error: data.error ?? null, at: data.position == null ? null : indexOfByte(settled, data.position) }
  }, [data, settled, plain])
}

function SampleDialog({ onClose }: { onClose: () => void }) {
  const builder = useBuilder()
  const sample = useSample()
  const [text, setText] = useState(() => JSON.stringify(sample.data, null, 2))
  const value = readObject(text)
  return (
    <Dialog open onClose={onClose} title={s.sampleTitle} description={s.sampleText} wide>
      <form className="flex flex-col gap-3" onSubmit={(event) => {
        event.preventDefault()
        event.stopPropagation()
        if (value) builder.sample.set(value)
        onClose()
      }}>
        <Field label={s.sampleData} error={value ? undefined : s.sampleBad}>{(props) => <Textarea {...props} autoFocus rows={18} spellCheck={false} className="font-mono !text-xs" value={text} onChange={(event) => setText(event.target.value)} />}</Field>
        <div className="flex justify-end gap-2">
          <Button onClick={() => {
            builder.sample.set(null)
            onClose()
          }}>{s.useRun}</Button>
          <Button type="submit" look="primary" disabled={!value}>{s.useSample}</Button>
        </div>
      </form>
    </Dialog>
  )
}

/** What the values shown are of, and the way to change it. */
export function SampleLine() {
  const builder = useBuilder()
  const [open, setOpen] = useState(false)
  const edited = useStore(builder.sample) !== null
  const sample = useSample()
  return (
    <div className="flex items-center justify-between gap-2 border-t border-line px-4 py-1.5 text-xs text-muted">
      <span>{edited ? s.fromEdited : sample.source === 'run' ? s.fromRun : s.fromNothing}</span>
      <Button small look="quiet" onClick={() => setOpen(true)}>{s.change}</Button>
      {open && <SampleDialog onClose={() => setOpen(false)} />}
    </div>
  )
}

/** The value on the sample, or why there is none. */
function Result({ tried }: { tried: Tried }) {
  const shown = tried.error ?? (tried.nothing ? s.nothing : `= ${brief(typeof tried.value === 'string' ? JSON.stringify(tried.value) : tried.value, 240)}`)
  return <output className={`font-mono text-[11px] break-words ${tried.error ? 'text-bad' : 'text-muted'}`}>{shown}</output>
}

export type ExpressionProps = { name: string; value: string; onChange: (value: string) => void; mode: Mode; place?: Place; lines?: number; placeholder?: string; field?: string }
const STEP: Place = { kind: 'step' }

/** The editor with its live value; `id`, `labelledBy` and `describedBy` come from the field around it. */
export function ExpressionBox({ name, value, onChange, mode, place = STEP, lines = 1, placeholder, field, id, labelledBy, describedBy }: ExpressionProps & { id?: string; labelledBy?: string; describedBy?: string }) {
  const editable = useMay('builder')
  const shape = useShape(place)
  const tried = useTried(value, mode, place, editable)
  const problem = useMemo(() => (tried?.error ? { at: tried.at, message: tried.error } : null), [tried])
  return (
    <div data-field={field} className="flex min-w-0 flex-1 flex-col gap-1">
      <Suspense fallback={<div aria-hidden className="rounded-md border border-line-strong bg-bg" style={{ minHeight: `${lines * 18 + 14}px` }} />}>
        <ExpressionEditor id={id} name={name} labelledBy={labelledBy} describedBy={describedBy} value={value} mode={mode} lines={lines} placeholder={placeholder} disabled={!editable} shape={shape} problem={problem} onChange={onChange} />
      </Suspense>
      {tried && <Result tried={tried} />}
    </div>
  )
}

/** The editor under a label. */
export function ExpressionField({ label, hint, ...rest }: ExpressionProps & { label: ReactNode; hint?: ReactNode }) {
  return (
    <Field label={label} hint={hint}>
      {(props) => <ExpressionBox {...rest} id={props.id} labelledBy={`${props.id}-label`} describedBy={props['aria-describedby']} />}
    </Field>
  )
}
