import { Plus } from 'lucide-react'
import { useState } from 'react'
import type { Approval, Fact, Verdict } from '@/model/document'
import { Button } from '@/ui/button'
import { Checkbox } from '@/ui/field'
import { pickables } from '@/model/expression/pills'
import { ValueList } from '../../data-picker'
import { Group, movedUp, NumberField, RowButtons, TextField, useStepField } from '../../fields'
import { InputSchema } from '../../input-schema'
import { useShape, type Place } from '../../sample'
import { strings } from '../../strings'

const s = strings.approval
const UNDO_SUGGESTED = 10
const STEP: Place = { kind: 'step' }
const VERDICTS: readonly Verdict[] = ['approved', 'rejected', 'changes']

/** Facts beside the summary, each with its label. */
export function Facts({ id }: { id: string }) {
  const [value, set] = useStepField<Fact[]>(id, ['facts'])
  const facts = value ?? []
  const write = (next: Fact[]) => set(next.length > 0 ? next : undefined)
  const shape = useShape(STEP)
  const [picking, setPicking] = useState(false)
  const pick = (path: string) => {
    const label = pickables(shape()).find((one) => one.path === path)?.label ?? path
    write([...facts, { label, value: `{{ ${path} }}` }])
    setPicking(false)
  }
  return (
    <Group title={s.facts} field="facts">
      {facts.map((fact, index) => (
        <fieldset
          key={index}
          aria-label={s.fact(index + 1)}
          data-field={`facts.${index}`}
          className="flex min-w-0 flex-col gap-2 rounded-md border border-line p-2"
        >
          <div className="flex items-center">
            <span className="text-xs text-faint">{s.fact(index + 1)}</span>
            <RowButtons
              first={index === 0}
              onUp={() => write(movedUp(facts, index))}
              onRemove={() => write(facts.filter((_, place) => place !== index))}
              upLabel={`${strings.condition.up}: ${s.fact(index + 1)}`}
              removeLabel={strings.inspector.remove(s.fact(index + 1))}
            />
          </div>
          <TextField id={id} path={['facts', index, 'label']} label={s.factLabel} required />
          <TextField
            id={id}
            path={['facts', index, 'value']}
            label={s.factValue}
            mode="template"
            required
            placeholder={strings.tool.template}
          />
          <Checkbox
            data-field={`facts.${index}.optional`}
            label={s.factOptional}
            checked={fact.optional ?? false}
            onChange={(event) => {
              const { optional: _old, ...rest } = fact
              const next = event.target.checked ? { ...rest, optional: true } : rest
              write(facts.map((one, place) => (place === index ? next : one)))
            }}
          />
        </fieldset>
      ))}
      <div className="flex flex-wrap gap-1">
        <Button small icon={<Plus size={13} />} onClick={() => write([...facts, { label: '', value: '' }])}>
          {s.addFact}
        </Button>
        <Button small look="quiet" aria-expanded={picking} onClick={() => setPicking(!picking)}>
          {s.addFactValue}
        </Button>
      </div>
      {picking && <ValueList shape={shape} onPick={pick} onClose={() => setPicking(false)} />}
    </Group>
  )
}

/** How long a decision can be taken back before it counts. */
function Undo({ id }: { id: string }) {
  const [seconds, setSeconds] = useStepField<number>(id, ['undo_seconds'])
  const on = seconds !== undefined
  return (
    <Group title={s.undo} field="undo_seconds">
      <Checkbox
        label={s.undoOn}
        checked={on}
        onChange={(event) => setSeconds(event.target.checked ? UNDO_SUGGESTED : undefined)}
      />
      {on && (
        <NumberField
          id={id}
          path={['undo_seconds']}
          label={s.undoSeconds}
          hint={s.undoHint}
          fallback={UNDO_SUGGESTED}
          min={1}
          max={60}
          keep
        />
      )}
    </Group>
  )
}

/** What an approver fills in, must say, and whether they may send it back. */
export function Answering({ id, step }: { id: string; step: Approval }) {
  const [form, setForm] = useStepField(id, ['form'])
  const [required, setRequired] = useStepField<Verdict[]>(id, ['comment_required'])
  const chosen = required ?? []
  const flip = (verdict: Verdict, on: boolean) => {
    const next = VERDICTS.filter((one) => (one === verdict ? on : chosen.includes(one)))
    setRequired(next.length > 0 ? next : undefined)
  }
  return (
    <>
      <InputSchema value={form} set={setForm} at="form" words={s.form} stem="answer" />
      <Group title={s.comment} field="comment_required">
        {VERDICTS.filter((verdict) => verdict !== 'changes' || step.on_changes || chosen.includes(verdict)).map(
          (verdict) => (
            <Checkbox
              key={verdict}
              label={s.verdicts[verdict]}
              checked={chosen.includes(verdict)}
              onChange={(event) => flip(verdict, event.target.checked)}
            />
          ),
        )}
        {step.on_changes ? (
          <NumberField
            id={id}
            path={['changes_max']}
            label={s.changesMax}
            hint={s.changesHint}
            fallback={10}
            min={1}
            max={100}
          />
        ) : (
          <p className="text-xs text-faint">{s.noChanges}</p>
        )}
      </Group>
      <Undo id={id} />
    </>
  )
}
