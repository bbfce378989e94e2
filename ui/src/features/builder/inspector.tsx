import { Plus, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { KindTag } from '@/components/step-cards'
import { isStepId, titleOf, type Step, type Trigger } from '@/model/document'
import { exitPath, exitsOf } from '@/model/exits'
import { pointerParts } from '@/model/json'
import { Button, IconButton } from '@/ui/button'
import { Field, Input, Select, Textarea } from '@/ui/field'
import { Menu } from '@/ui/menu'
import { Note } from '@/ui/states'
import { useStore } from '@/ui/store'
import { useBuilder, useDocument, useView } from './context'
import { ExpressionBox, SampleLine } from './expression-field'
import { Group, JsonField, TextField } from './fields'
import { KindEditor } from './kinds/registry'
import { strings } from './strings'

const s = strings.inspector
const TONE = { error: 'bad', warning: 'warn', info: 'muted' } as const
const DOT = { error: 'bg-bad', warning: 'bg-warn', info: 'bg-faint' }

function IdField({ id }: { id: string }) {
  const builder = useBuilder()
  const document = useDocument()
  const [draft, setDraft] = useState(id)
  const taken = draft !== id && Object.hasOwn(document.steps, draft)
  const error = taken ? s.idTaken : isStepId(draft) ? undefined : s.idBad
  const commit = () => {
    if (error || draft === id) return setDraft(id)
    builder.perform({ op: 'rename_step', from: id, to: draft })
    builder.select([draft])
  }
  return (
    <Field label={s.id} hint={s.idHint} error={error}>
      {(props) => <Input {...props} value={draft} className="font-mono !text-xs" onChange={(event) => setDraft(event.target.value)} onBlur={commit} onKeyDown={(event) => event.key === 'Enter' && commit()} />}
    </Field>
  )
}

/** Where each way out leads: the keyboard's way to connect. */
function Connections({ id, step }: { id: string; step: Step }) {
  const builder = useBuilder()
  const document = useDocument()
  const ways = exitsOf(step)
  if (ways.length === 0) return null
  return (
    <Group title={s.connections}>
      {ways.map((way) => (
        <Field key={way.name} label={way.label || way.name}>
          {(props) => (
            <span className="flex items-center gap-1">
              <Select {...props} data-field={exitPath(step, way.name)} value={way.target ?? ''} onChange={(event) => builder.perform({ op: 'connect', id, exit: way.name, target: event.target.value || null })}>
                <option value="">{way.optional ? s.unused : s.nowhere}</option>
                {Object.entries(document.steps).map(([other, target]) => <option key={other} value={other}>{titleOf(other, target)}</option>)}
                {way.target !== null && !Object.hasOwn(document.steps, way.target) && <option value={way.target}>{way.target}?</option>}
              </Select>
              <IconButton label={s.newStep(way.label || way.name)} onClick={() => builder.show({ adding: { from: id, exit: way.name } })}><Plus size={14} /></IconButton>
            </span>
          )}
        </Field>
      ))}
    </Group>
  )
}

function StepProblems({ id }: { id: string }) {
  const builder = useBuilder()
  const list = useStore(builder.diagnostics, (state) => state.list)
  const own = list.filter((problem) => {
    const [part, step] = pointerParts(problem.pointer)
    return part === 'steps' && step === id
  })
  return own.map((problem, index) => (
    <Note key={index} tone={TONE[problem.severity]}>
      {problem.message}
      {problem.help && <span className="block text-xs">{problem.help}</span>}
    </Note>
  ))
}

function StepPanel({ id, step }: { id: string; step: Step }) {
  return (
    <>
      <StepProblems id={id} />
      <TextField id={id} path={['title']} label={s.title} placeholder={id} />
      <KindEditor id={id} step={step} />
      <Connections id={id} step={step} />
      <IdField id={id} />
    </>
  )
}

const MESSAGE = { kind: 'message' } as const

function TriggerRow({ trigger, index, change, remove }: { trigger: Trigger; index: number; change: (trigger: Trigger) => void; remove: () => void }) {
  return (
    <div className="flex items-start gap-1">
      <div className="flex flex-1 flex-col gap-1">
        <KindTag kind={trigger.type} />
        {trigger.type === 'message' && <ExpressionBox name={strings.condition.when} field={`${index}.when`} mode="expression" place={MESSAGE} lines={2} value={trigger.when} onChange={(when) => change({ ...trigger, when })} />}
        {trigger.type === 'webhook' && <Input aria-label="path" className="font-mono !text-xs" value={trigger.path} onChange={(event) => change({ ...trigger, path: event.target.value })} />}
        {trigger.type === 'schedule' && (
          <div className="flex gap-1">
            <Input aria-label="cron" className="font-mono !text-xs" value={trigger.cron} onChange={(event) => change({ ...trigger, cron: event.target.value })} />
            <Input aria-label="time zone" className="!text-xs" value={trigger.time_zone} onChange={(event) => change({ ...trigger, time_zone: event.target.value })} />
          </div>
        )}
      </div>
      <IconButton label={`${strings.condition.remove} ${trigger.type}`} onClick={remove}><X size={13} /></IconButton>
    </div>
  )
}

const NEW_TRIGGERS: Record<Trigger['type'], Trigger> = {
  message: { type: 'message', when: "$contains($lowercase(text), 'upgrade')" },
  api: { type: 'api' },
  webhook: { type: 'webhook', path: 'orders' },
  schedule: { type: 'schedule', cron: '0 9 * * 1', time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone },
  manual: { type: 'manual' },
}

/** What belongs to the workflow as a whole; shown when nothing is selected. */
function WorkflowPanel() {
  const builder = useBuilder()
  const document = useDocument()
  const triggers = document.triggers ?? []
  const set = (field: 'name' | 'description' | 'triggers' | 'vars' | 'input' | 'start', value: unknown) => builder.perform({ op: 'set_document', field, value })
  return (
    <>
      <Field label={s.name}>{(props) => <Input {...props} value={document.name} maxLength={200} onChange={(event) => set('name', event.target.value)} />}</Field>
      <Field label={s.description}>{(props) => <Textarea {...props} rows={2} value={document.description ?? ''} onChange={(event) => set('description', event.target.value || undefined)} />}</Field>
      <Field label={s.start}>{(props) => <Select {...props} value={document.start} onChange={(event) => set('start', event.target.value)}>{Object.entries(document.steps).map(([id, step]) => <option key={id} value={id}>{titleOf(id, step)}</option>)}</Select>}</Field>
      <Group title={s.triggers}>
        {triggers.map((trigger, index) => <TriggerRow key={index} index={index} trigger={trigger} change={(next) => set('triggers', triggers.map((old, at) => (at === index ? next : old)))} remove={() => set('triggers', triggers.filter((_, at) => at !== index))} />)}
        <div><Menu align="start" trigger={<Button small icon={<Plus size={13} />}>{s.addTrigger}</Button>} items={(Object.keys(NEW_TRIGGERS) as Trigger['type'][]).map((type) => ({ id: type, label: type, run: () => set('triggers', [...triggers, NEW_TRIGGERS[type]]) }))} /></div>
      </Group>
      <JsonField label={s.vars} value={document.vars} onChange={(value) => set('vars', value)} />
      <JsonField label={s.inputSchema} value={document.input} onChange={(value) => set('input', value)} />
    </>
  )
}

const CONTROLS = 'input:not([type=hidden]), textarea, select, [contenteditable=true]'

/** The control of a field; a longer place leads to the nearest one that has a control. */
function controlOf(panel: HTMLElement, focus: string): HTMLElement | null {
  for (let place = focus; place !== ''; place = place.slice(0, Math.max(0, place.lastIndexOf('.')))) {
    const field = panel.querySelector<HTMLElement>(`[data-field="${CSS.escape(place)}"]`)
    if (field) return field.matches(CONTROLS) ? field : field.querySelector<HTMLElement>(CONTROLS)
  }
  return panel.querySelector<HTMLElement>(CONTROLS)
}

const WAIT_MS = 3000

/** Calls back with the control as soon as the panel has it: the expression editor may still be loading. */
function whenThere(panel: HTMLElement | null, focus: string, found: (control: HTMLElement | null) => void): (() => void) | undefined {
  if (!panel) return undefined
  const now = controlOf(panel, focus)
  if (now) {
    found(now)
    return undefined
  }
  const stop = () => {
    watcher.disconnect()
    clearTimeout(timer)
  }
  const watcher = new MutationObserver(() => {
    const control = controlOf(panel, focus)
    if (!control) return
    stop()
    found(control)
  })
  watcher.observe(panel, { childList: true, subtree: true })
  const timer = setTimeout(stop, WAIT_MS)
  return stop
}

/** The right side: settings of what is selected. */
export function Inspector({ editable }: { editable: boolean }) {
  const builder = useBuilder()
  const document = useDocument()
  const selected = useView((view) => view.selected)
  const focus = useView((view) => view.focus)
  const body = useRef<HTMLDivElement>(null)
  const [only] = selected
  const step = selected.size === 1 && only !== undefined ? document.steps[only] : undefined
  useEffect(() => {
    if (focus === null) return
    return whenThere(body.current, focus, (field) => {
      field?.focus()
      builder.show({ focus: null })
    })
  }, [builder, focus])
  return (
    <aside
      aria-label={s.label}
      onKeyDown={(event) => {
        // Back to the canvas, where keys are commands again.
        if (event.key === 'Escape' && !event.defaultPrevented) window.document.querySelector<HTMLElement>('.react-flow')?.focus()
      }}
      className="absolute inset-x-0 bottom-0 z-10 flex max-h-[60%] flex-col border-t border-line bg-bg md:static md:max-h-none md:w-88 md:shrink-0 md:border-t-0 md:border-l 2xl:w-104"
    >
      <header className="flex min-h-11 items-center gap-2 border-b border-line px-4">
        {step ? <KindTag kind={step.type} /> : null}
        <h2 className="truncate text-sm font-semibold">{step && only !== undefined ? titleOf(only, step) : selected.size > 1 ? s.many(selected.size) : s.workflow}</h2>
        {selected.size > 0 && <IconButton label={s.close} className="ml-auto" onClick={() => builder.select([])}><X size={15} /></IconButton>}
      </header>
      <div ref={body} className="min-h-0 flex-1 overflow-y-auto p-4">
        <fieldset disabled={!editable} className="flex min-w-0 flex-col gap-3">
          {step && only !== undefined ? <StepPanel key={only} id={only} step={step} /> : selected.size > 1 ? <p className="text-sm text-muted">{s.manyHelp}</p> : <WorkflowPanel />}
        </fieldset>
      </div>
      {editable && selected.size < 2 && <SampleLine />}
      {!editable && <p className="border-t border-line px-4 py-2 text-xs text-faint">{strings.readOnly}</p>}
    </aside>
  )
}

export function ProblemsPanel() {
  const builder = useBuilder()
  const document = useDocument()
  const { list, checking } = useStore(builder.diagnostics)
  const p = strings.problems
  const go = (pointer: string) => {
    const [part, id, ...rest] = pointerParts(pointer)
    if (part !== 'steps' || id === undefined) return builder.show({ selected: new Set(), edge: null })
    builder.show({ selected: new Set([id]), edge: null, focus: rest.join('.') })
  }
  return (
    <section aria-label={p.title} className="absolute inset-x-2 bottom-2 z-10 flex max-h-52 flex-col rounded-lg border border-line-strong bg-raised shadow-[var(--shadow)] md:inset-x-auto md:left-16 md:w-[34rem]">
      <header className="flex items-center gap-2 border-b border-line px-3 py-1.5 text-sm font-semibold">
        {p.title}
        {checking && <span className="text-xs font-normal text-faint">{p.checking}</span>}
        <IconButton label={s.close} className="ml-auto !size-6" onClick={() => builder.show({ problems: false })}><X size={14} /></IconButton>
      </header>
      <ul className="overflow-y-auto p-1">
        {list.length === 0 && <li className="px-2 py-2 text-sm text-muted">{p.none}</li>}
        {list.map((problem, index) => {
          const [, id] = pointerParts(problem.pointer)
          return (
            <li key={index}>
              <Button look="quiet" className="!h-auto w-full !justify-start !py-1.5 text-left !whitespace-normal" onClick={() => go(problem.pointer)}>
                <span className={`mt-0.5 size-2 shrink-0 rounded-full ${DOT[problem.severity]}`} aria-label={problem.severity} role="img" />
                <span className="min-w-0 flex-1">
                  <span className="text-text">{problem.message}</span>
                  {problem.help && <span className="block text-xs font-normal text-faint">{problem.help}</span>}
                </span>
                {id && <span className="text-xs font-normal text-faint">{titleOf(id, document.steps[id])}</span>}
              </Button>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
