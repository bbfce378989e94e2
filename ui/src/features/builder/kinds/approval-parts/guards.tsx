import { useActions } from '@/api/use-actions'
import { actionsOf, titleOf, type Approval, type StandingLimits } from '@/model/document'
import { pointerParts } from '@/model/json'
import { schemaFields, type SchemaField } from '@/model/schema'
import { Checkbox, Field, Select } from '@/ui/field'
import { Note } from '@/ui/states'
import { useStore } from '@/ui/store'
import { useBuilder, useDocument } from '../../context'
import { Group, NumberField, TextField, useStepField } from '../../fields'
import { strings } from '../../strings'

const s = strings.approval
const CALLS_UNGUARDED = 'unguarded_action'
type Leaf = { pointer: string; title: string; number: boolean }

const escaped = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1')

function leavesOf(fields: readonly SchemaField[], at = '', of = ''): Leaf[] {
  return fields.flatMap((field) => {
    const pointer = `${at}/${escaped(field.name)}`
    const title = of + field.title
    return field.fields
      ? leavesOf(field.fields, pointer, `${title}: `)
      : [{ pointer, title, number: field.type === 'number' }]
  })
}

/** What can stand in the input of a step that calls an action. */
function useLeaves(): (step: string) => Leaf[] {
  const document = useDocument()
  const actions = useActions(actionsOf(document))
  return (id) => {
    const step = document.steps[id]
    if (step?.type !== 'tool_call') return []
    return leavesOf(schemaFields(actions.get(step.action)?.input))
  }
}

/** The fields of one guarded request that an approver may change. */
function EditableFields({ id, guard, title }: { id: string; guard: string; title: string }) {
  const builder = useBuilder()
  const [all] = useStepField<Record<string, string[]>>(id, ['editable'])
  const leaves = useLeaves()(guard)
  const chosen = all?.[guard] ?? []
  const flip = (pointer: string, on: boolean) => {
    const next = on ? [...chosen, pointer] : chosen.filter((one) => one !== pointer)
    const { [guard]: _old, ...others } = all ?? {}
    const value = next.length > 0 ? { ...others, [guard]: next } : others
    builder.perform({
      op: 'set_field',
      id,
      path: ['editable'],
      value: Object.keys(value).length > 0 ? value : undefined,
    })
  }
  // What the action does not know is shown so that it can be taken out.
  const unknown = chosen.filter((pointer) => !leaves.some((leaf) => leaf.pointer === pointer))
  const shown = [...leaves, ...unknown.map((pointer) => ({ pointer, title: `${pointer}?` }))]
  return (
    <fieldset data-field={`editable.${guard}`} className="flex min-w-0 flex-col gap-1">
      <legend className="mb-1 text-xs font-medium text-muted">{s.editableOf(title)}</legend>
      {shown.length === 0 && <p className="text-xs text-faint">{s.noFields}</p>}
      {shown.map((leaf) => (
        <Checkbox
          key={leaf.pointer}
          label={leaf.title}
          checked={chosen.includes(leaf.pointer)}
          onChange={(event) => flip(leaf.pointer, event.target.checked)}
        />
      ))}
    </fieldset>
  )
}

/** The steps this approval allows, what may be changed in them, and calls that no approval covers. */
export function Guards({ id, step }: { id: string; step: Approval }) {
  const builder = useBuilder()
  const document = useDocument()
  const diagnostics = useStore(builder.diagnostics, (state) => state.list)
  const guards = step.guards ?? []
  const calls = Object.keys(document.steps).filter((other) => document.steps[other]?.type === 'tool_call')
  // What cannot be guarded, or is gone, is shown so that it can be taken out.
  const all = [...new Set([...calls, ...guards])]
  const name = (guard: string) => `${titleOf(guard, document.steps[guard])}${calls.includes(guard) ? '' : '?'}`
  const flip = (guard: string, on: boolean) => {
    const next = on ? [...guards, guard] : guards.filter((one) => one !== guard)
    builder.perform({ op: 'set_field', id, path: ['guards'], value: next.length > 0 ? next : undefined })
  }
  const open = diagnostics.filter((one) => one.code === CALLS_UNGUARDED)
  return (
    <Group title={s.guards} field="guards">
      <p className="text-xs text-faint">{calls.length === 0 ? s.noGuards : s.guardsHint}</p>
      {all.map((guard) => (
        <Checkbox
          key={guard}
          data-field={guards.includes(guard) ? `guards.${guards.indexOf(guard)}` : undefined}
          label={name(guard)}
          checked={guards.includes(guard)}
          onChange={(event) => flip(guard, event.target.checked)}
        />
      ))}
      {open.map((finding) => (
        <Note key={finding.pointer} tone="warn">
          {s.uncovered(name(pointerParts(finding.pointer)[1] ?? ''))} {finding.message}
        </Note>
      ))}
      {guards
        .filter((guard) => calls.includes(guard))
        .map((guard) => (
          <EditableFields key={guard} id={id} guard={guard} title={name(guard)} />
        ))}
    </Group>
  )
}

function Limits({ id, limits, guards }: { id: string; limits: StandingLimits; guards: readonly string[] }) {
  const document = useDocument()
  const [, setStep] = useStepField<string>(id, ['standing', 'step'])
  const [, setField] = useStepField<string>(id, ['standing', 'field'])
  const numbers = useLeaves()(limits.step).filter((leaf) => leaf.number)
  const pointers = [...new Set([...numbers.map((leaf) => leaf.pointer), limits.field])]
  const called = (pointer: string) => numbers.find((leaf) => leaf.pointer === pointer)?.title ?? pointer
  return (
    <>
      <Field label={s.standingStep}>
        {(props) => (
          <Select
            {...props}
            data-field="standing.step"
            value={limits.step}
            onChange={(event) => setStep(event.target.value)}
          >
            {[...new Set([...guards, limits.step])].map((guard) => (
              <option key={guard} value={guard}>
                {titleOf(guard, document.steps[guard]) || '–'}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={s.standingField}>
        {(props) => (
          <Select
            {...props}
            data-field="standing.field"
            value={limits.field}
            onChange={(event) => setField(event.target.value)}
          >
            {pointers.map((pointer) => (
              <option key={pointer} value={pointer}>
                {called(pointer)}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <NumberField id={id} path={['standing', 'max']} label={s.standingMax} fallback={0} min={0} keep />
      <TextField
        id={id}
        path={['standing', 'when']}
        label={s.standingWhen}
        hint={s.standingWhenHint}
        mode="expression"
      />
      <div className="grid grid-cols-2 gap-2">
        <NumberField
          id={id}
          path={['standing', 'per_day']}
          label={s.standingPerDay}
          fallback={1}
          min={1}
          max={10_000}
          keep
        />
        <NumberField id={id} path={['standing', 'days']} label={s.standingDays} fallback={1} min={1} max={366} keep />
      </div>
    </>
  )
}

/** What who may approve it may allow in advance. */
export function StandingFields({ id, step }: { id: string; step: Approval }) {
  const [limits, set] = useStepField<StandingLimits>(id, ['standing'])
  const leaves = useLeaves()
  const guards = step.guards ?? []
  const begin = () => {
    const guard = guards[0] ?? ''
    const field = leaves(guard).find((leaf) => leaf.number)?.pointer ?? '/amount'
    set({ step: guard, field, max: 0, per_day: 10, days: 7 })
  }
  return (
    <Group title={s.standing} field="standing">
      <Checkbox
        label={s.standingMay}
        checked={limits !== undefined}
        disabled={guards.length === 0 && !limits}
        onChange={(event) => (event.target.checked ? begin() : set(undefined))}
      />
      <p className="text-xs text-faint">{guards.length === 0 ? s.standingNone : s.standingHint}</p>
      {limits && <Limits id={id} limits={limits} guards={guards} />}
    </Group>
  )
}
