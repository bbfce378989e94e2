import { Plus, X } from 'lucide-react'
import { useEffect, useRef, useState, type CSSProperties } from 'react'
import { KindTag } from '@/components/step-cards'
import { strings as shared } from '@/components/strings'
import { isStepId, titleOf, type Step } from '@/model/document'
import { exitPath, exitsOf } from '@/model/exits'
import { IconButton } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Field, Input, Select } from '@/ui/field'
import { useWidth, WidthHandle } from '@/ui/width-handle'
import { useBuilder, useDocument, useView } from './context'
import { SampleLine } from './expression-field'
import { Group, TextField } from './fields'
import { whenThere } from './focus'
import { KindEditor } from './kinds/registry'
import { StepProblems } from './problems'
import { strings } from './strings'
import { WorkflowPanel } from './workflow-panel'

const s = strings.inspector
/** How wide the panel is until somebody sets it; on large screens it is wider. */
const WIDTH_PX = 352

function IdField({ id }: { id: string }) {
  const builder = useBuilder()
  const document = useDocument()
  const [draft, setDraft] = useState(id)
  const taken = draft !== id && Object.hasOwn(document.steps, draft)
  const error = taken ? s.idTaken : isStepId(draft) ? undefined : s.idBad
  /** The panel is drawn anew under the new name; whoever is on their way to another field gets there all the same. */
  const commit = (toward?: EventTarget | null) => {
    if (error || draft === id) return setDraft(id)
    builder.perform({ op: 'rename_step', from: id, to: draft })
    builder.select([draft])
    if (toward instanceof Element && toward.closest('aside'))
      builder.show({ focus: toward.closest<HTMLElement>('[data-field]')?.dataset.field ?? 'id' })
  }
  return (
    <Field label={s.id} hint={s.idHint} error={error}>
      {(props) => (
        <Input
          {...props}
          data-field="id"
          value={draft}
          className="font-mono !text-xs"
          onChange={(event) => setDraft(event.target.value)}
          onBlur={(event) => commit(event.relatedTarget)}
          onKeyDown={(event) => event.key === 'Enter' && commit()}
        />
      )}
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
              <Select
                {...props}
                data-field={exitPath(step, way.name)}
                value={way.target ?? ''}
                onChange={(event) =>
                  builder.perform({ op: 'connect', id, exit: way.name, target: event.target.value || null })
                }
              >
                <option value="">{way.optional ? s.unused : s.nowhere}</option>
                {Object.entries(document.steps).map(([other, target]) => (
                  <option key={other} value={other}>
                    {titleOf(other, target)}
                  </option>
                ))}
                {way.target !== null && !Object.hasOwn(document.steps, way.target) && (
                  <option value={way.target}>{way.target}?</option>
                )}
              </Select>
              <IconButton
                label={s.newStep(way.label || way.name)}
                onClick={() => builder.show({ adding: { from: id, exit: way.name } })}
              >
                <Plus size={14} />
              </IconButton>
            </span>
          )}
        </Field>
      ))}
    </Group>
  )
}

function StepPanel({ id, step }: { id: string; step: Step }) {
  return (
    <>
      <TextField id={id} path={['title']} label={s.title} placeholder={id} />
      <KindEditor id={id} step={step} />
      <Connections id={id} step={step} />
      <IdField id={id} />
    </>
  )
}

/** The right side: settings of what is selected. */
export function Inspector({ editable }: { editable: boolean }) {
  const builder = useBuilder()
  const document = useDocument()
  const selected = useView((view) => view.selected)
  const focus = useView((view) => view.focus)
  const body = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useWidth('inspector')
  const [only] = selected
  const step = selected.size === 1 && only !== undefined ? document.steps[only] : undefined
  useEffect(() => {
    if (focus === null) return
    return whenThere(body.current, focus, (field) => {
      field.focus()
      builder.show({ focus: null })
    })
  }, [builder, focus])
  return (
    <aside
      aria-label={s.label}
      onKeyDown={(event) => {
        // Back to the canvas, where keys are commands again.
        if (event.key === 'Escape' && !event.defaultPrevented)
          window.document.querySelector<HTMLElement>('.react-flow')?.focus()
      }}
      style={{ '--width': `${width ?? WIDTH_PX}px` } as CSSProperties}
      className={cx(
        'absolute inset-x-0 bottom-0 z-10 flex max-h-[60%] flex-col border-t border-line bg-bg md:relative',
        'md:max-h-none md:w-(--width) md:shrink-0 md:border-t-0 md:border-l',
        width === undefined && '2xl:w-104',
      )}
    >
      <WidthHandle
        label={s.width}
        width={width ?? WIDTH_PX}
        bounds={{ min: 280, max: Math.round(window.innerWidth * 0.6) }}
        onChange={setWidth}
      />
      <header className="flex min-h-11 items-center gap-2 border-b border-line px-4">
        {step && (
          <span className="flex shrink-0 items-center gap-1.5 text-xs text-muted">
            {shared.kinds[step.type]?.name} <KindTag kind={step.type} />
          </span>
        )}
        <h2 className="truncate text-sm font-semibold">
          {step && only !== undefined ? titleOf(only, step) : selected.size > 1 ? s.many(selected.size) : s.workflow}
        </h2>
        {selected.size > 0 && (
          <IconButton label={s.close} className="ml-auto" onClick={() => builder.select([])}>
            <X size={15} />
          </IconButton>
        )}
      </header>
      <div ref={body} className="min-h-0 flex-1 overflow-y-auto p-4">
        <fieldset disabled={!editable} className="flex min-w-0 flex-col gap-3">
          {step && only !== undefined ? (
            <StepPanel key={only} id={only} step={step} />
          ) : selected.size > 1 ? (
            <p className="text-sm text-muted">{s.manyHelp}</p>
          ) : (
            <WorkflowPanel />
          )}
        </fieldset>
      </div>
      {step && only !== undefined && <StepProblems id={only} />}
      {editable && selected.size < 2 && <SampleLine />}
      {!editable && <p className="border-t border-line px-4 py-2 text-xs text-faint">{strings.readOnly}</p>}
    </aside>
  )
}
