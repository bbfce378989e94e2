import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { Code } from 'lucide-react'
import { useMay } from '@/app/session'
import type { EditorHandle } from '@/components/expression/expression-editor'
import type { Mode } from '@/model/expression/complete'
import { indexOfByte, scopeOfDocument } from '@/model/expression/sample'
import { pillsIn } from '@/model/expression/pills'
import { brief } from '@/model/json'
import { statusLook } from '@/model/status'
import { Button, IconButton } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Dialog } from '@/ui/dialog'
import { Field, Select, Textarea } from '@/ui/field'
import { useStore } from '@/ui/store'
import { useSettled } from '@/ui/use-settled'
import { reads } from './api'
import { useBuilder, useDocument } from './context'
import { PickButton, ValueList } from './data-picker'
import { readObject, scopeAt, useRunScope, useSample, useShape, type Place } from './sample'
import { strings } from './strings'

const s = strings.expression
const load = () => import('@/components/expression/expression-editor')
const ExpressionEditor = lazy(load)

/** Starts loading the editor before the first field is shown. */
export function preloadExpressionEditor(): void {
  void load()
}

type Tried = { value?: unknown; nothing: boolean; error: string | null; at: number | null }

/** What the server makes of the text over the sample, a moment after the typing stops. */
function useTried(text: string, mode: Mode, place: Place, active: boolean): Tried | null {
  const sample = useSample()
  const settled = useSettled(text)
  const plain = mode === 'template' && !settled.includes('{{')
  const { data } = useQuery({
    ...reads.evaluation(mode, settled, scopeAt(sample.data, place)),
    enabled: active && settled.trim() !== '' && !plain,
    placeholderData: keepPreviousData,
  })
  return useMemo(() => {
    if (!data || settled.trim() === '' || plain) return null
    return {
      value: data.value,
      nothing: data.nothing,
      error: data.error ?? null,
      at: data.position == null ? null : indexOfByte(settled, data.position),
    }
  }, [data, settled, plain])
}

const OWN = 'own'

/** Which data the values are of: the newest run, one of the last, or what somebody writes here. */
function SampleDialog({ onClose }: { onClose: () => void }) {
  const builder = useBuilder()
  const sample = useSample()
  const chosen = builder.sampleRun
  const [pick, setPick] = useState(() => (builder.sample.get() ? OWN : (chosen.get() ?? '')))
  const [own, setOwn] = useState(() => JSON.stringify(sample.data, null, 2))
  const { data: newest } = useQuery(reads.newestRun(builder.id))
  const { data: runs = [] } = useQuery(reads.newestRuns(builder.id))
  const ofRun = useRunScope(pick === '' ? newest?.id : pick === OWN ? undefined : pick)
  const document = useDocument()
  const data = useMemo(
    () => (pick === '' && newest === null ? scopeOfDocument(document) : ofRun),
    [pick, newest, ofRun, document],
  )
  const text = pick === OWN ? own : data ? JSON.stringify(data, null, 2) : ''
  const value = readObject(text)
  return (
    <Dialog open onClose={onClose} title={s.sampleTitle} description={s.sampleText} wide>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          event.stopPropagation()
          builder.sample.set(pick === OWN ? value : null)
          if (pick !== OWN) chosen.set(pick || null)
          onClose()
        }}
      >
        <Field label={s.sampleOf}>
          {(props) => (
            <Select
              {...props}
              value={pick}
              onChange={(event) => {
                if (event.target.value === OWN && value) setOwn(text)
                setPick(event.target.value)
              }}
            >
              <option value="">{s.newest}</option>
              {runs.map((run) => (
                <option key={run.id} value={run.id}>
                  {s.run(
                    new Date(run.started_at).toLocaleString(),
                    statusLook(run.status).word,
                    run.customer?.name || run.title,
                  )}
                </option>
              ))}
              {pick !== '' && pick !== OWN && !runs.some((run) => run.id === pick) && (
                <option value={pick}>{pick}</option>
              )}
              <option value={OWN}>{s.own}</option>
            </Select>
          )}
        </Field>
        <Field
          label={s.sampleData}
          hint={pick === OWN ? undefined : s.sampleEdit}
          error={value || pick !== OWN ? undefined : s.sampleBad}
        >
          {(props) => (
            <Textarea
              {...props}
              rows={16}
              spellCheck={false}
              className="font-mono !text-xs"
              value={text}
              onChange={(event) => {
                setOwn(event.target.value)
                setPick(OWN)
              }}
            />
          )}
        </Field>
        <div className="flex justify-end gap-2">
          <Button type="submit" look="primary" disabled={!value}>
            {s.useSample}
          </Button>
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
  const chosen = useStore(builder.sampleRun) !== null
  return (
    <div className="flex items-center justify-between gap-2 border-t border-line px-4 py-1.5 text-xs text-muted">
      <span>
        {edited
          ? s.fromEdited
          : sample.source !== 'run'
            ? s.fromNothing
            : chosen
              ? s.fromChosen(new Date(sample.started_at).toLocaleString())
              : s.fromRun}
        {sample.kept > 0 && ` ${s.withKept(sample.kept)}`}
      </span>
      <Button small look="quiet" onClick={() => setOpen(true)}>
        {s.change}
      </Button>
      {open && <SampleDialog onClose={() => setOpen(false)} />}
    </div>
  )
}

/** The value on the sample, or why there is none. */
function Result({ tried }: { tried: Tried }) {
  const shown =
    tried.error ??
    (tried.nothing
      ? s.nothing
      : `= ${brief(typeof tried.value === 'string' ? JSON.stringify(tried.value) : tried.value, 240)}`)
  return (
    <output className={`font-mono text-[11px] break-words ${tried.error ? 'text-bad' : 'text-muted'}`}>{shown}</output>
  )
}

type ExpressionProps = {
  name: string
  value: string
  onChange: (value: string) => void
  mode: Mode
  place?: Place
  lines?: number
  placeholder?: string
  field?: string
  focusAt?: number | null
  onFocus?: (focused: boolean) => void
  className?: string
}
const STEP: Place = { kind: 'step' }

/** Whether somebody is typing here; what is found elsewhere of a text half typed waits for its end. */
function useTyping(): [boolean, (typing: boolean) => void] {
  const builder = useBuilder()
  const [typing, setTyping] = useState(false)
  useEffect(() => {
    if (!typing) return undefined
    builder.show({ typing: true })
    return () => builder.show({ typing: false })
  }, [builder, typing])
  return [typing, setTyping]
}

/** The editor with its live value; `id`, `labelledBy` and `describedBy` come from the field around it. */
export function ExpressionBox({
  name,
  value,
  onChange,
  mode,
  place = STEP,
  lines = 1,
  placeholder,
  field,
  focusAt,
  onFocus,
  className,
  id,
  labelledBy,
  describedBy,
}: ExpressionProps & { id?: string; labelledBy?: string; describedBy?: string }) {
  const editable = useMay('builder')
  const shape = useShape(place)
  const tried = useTried(value, mode, place, editable)
  const problem = useMemo(() => (tried?.error ? { at: tried.at, message: tried.error } : null), [tried])
  const [raw, setRaw] = useState(false)
  const [picking, setPicking] = useState(false)
  const [typing, setTyping] = useTyping()
  const editor = useRef<EditorHandle>(null)
  const piled = useMemo(() => pillsIn(value, mode, shape).length > 0, [value, mode, shape])
  return (
    <div data-field={field} className={cx('flex min-w-0 flex-1 flex-col gap-1', className)}>
      <div className="flex items-start gap-0.5">
        <div className="min-w-0 flex-1">
          <Suspense fallback={<Room lines={lines} />}>
            <ExpressionEditor
              id={id}
              name={name}
              labelledBy={labelledBy}
              describedBy={describedBy}
              value={value}
              mode={mode}
              lines={lines}
              placeholder={placeholder}
              disabled={!editable}
              shape={shape}
              problem={typing ? null : problem}
              focusAt={focusAt}
              raw={raw}
              handle={editor}
              onChange={onChange}
              onFocus={(focused) => {
                setTyping(focused)
                onFocus?.(focused)
              }}
            />
          </Suspense>
        </div>
        <span className="flex shrink-0 pt-0.5">
          {(piled || raw) && (
            <IconButton
              label={s.raw}
              aria-pressed={raw}
              className={`!size-6 ${raw ? 'bg-accent-soft text-accent' : ''}`}
              onClick={() => setRaw(!raw)}
            >
              <Code size={13} />
            </IconButton>
          )}
          {editable && <PickButton open={picking} describedBy={labelledBy} onClick={() => setPicking(!picking)} />}
        </span>
      </div>
      {picking && (
        <ValueList
          shape={shape}
          onPick={(path) => editor.current?.insertValue(path)}
          onClose={() => setPicking(false)}
        />
      )}
      {tried && !(typing && tried.error) && <Result tried={tried} />}
    </div>
  )
}

/** Where the editor will be. */
function Room({ lines }: { lines: number }) {
  return (
    <div
      aria-hidden
      data-loading
      className="rounded-md border border-line-strong bg-bg"
      style={{ minHeight: `${lines * 18 + 14}px` }}
    />
  )
}

/** The editor for JSON with templates in its strings; it has no one value to show. */
export function JsonBox({
  name,
  value,
  onChange,
  onBlur,
  lines,
  problem,
  field,
  id,
  labelledBy,
  describedBy,
}: {
  name: string
  value: string
  onChange: (value: string) => void
  onBlur: () => void
  lines: number
  problem: string | null
  field?: string
  id: string
  labelledBy: string
  describedBy?: string
}) {
  const editable = useMay('builder')
  const shape = useShape(STEP)
  const [picking, setPicking] = useState(false)
  const editor = useRef<EditorHandle>(null)
  const [typing, setTyping] = useTyping()
  const shown = useMemo(() => (problem === null || typing ? null : { at: null, message: problem }), [problem, typing])
  return (
    <div data-field={field} className="min-w-0">
      <div className="flex items-start gap-0.5">
        <div className="min-w-0 flex-1">
          <Suspense fallback={<Room lines={lines} />}>
            <ExpressionEditor
              id={id}
              name={name}
              labelledBy={labelledBy}
              describedBy={describedBy}
              value={value}
              mode="template"
              json
              lines={lines}
              disabled={!editable}
              shape={shape}
              problem={shown}
              handle={editor}
              onChange={onChange}
              onFocus={(focused) => {
                setTyping(focused)
                if (!focused) onBlur()
              }}
            />
          </Suspense>
        </div>
        {editable && <PickButton open={picking} describedBy={labelledBy} onClick={() => setPicking(!picking)} />}
      </div>
      {picking && (
        <ValueList
          shape={shape}
          onPick={(path) => editor.current?.insertValue(path)}
          onClose={() => setPicking(false)}
        />
      )}
    </div>
  )
}

/** The editor under a label. */
export function ExpressionField({
  label,
  hint,
  error,
  ...rest
}: ExpressionProps & { label: ReactNode; hint?: ReactNode; error?: ReactNode }) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(props) => (
        <ExpressionBox
          {...rest}
          id={props.id}
          labelledBy={`${props.id}-label`}
          describedBy={props['aria-describedby']}
        />
      )}
    </Field>
  )
}
