import type { DocumentField } from '@/model/operations/types'
import { titleOf, type Step, type StepId } from '@/model/document'
import { Field, Input, Select, Textarea } from '@/ui/field'
import { AlertsField } from './alerts-field'
import { Calendars } from './calendars'
import { useBuilder, useDocument } from './context'
import { ExpressionField } from './expression-field'
import { InputSchema } from './input-schema'
import { strings } from './strings'
import { Triggers } from './triggers'
import { VarsField } from './vars-field'
import { WaitingField } from './waiting-field'

const s = strings.inspector

function StartField({
  value,
  steps,
  set,
}: {
  value: StepId
  steps: Record<StepId, Step>
  set: (start: StepId) => void
}) {
  return (
    <Field label={s.start}>
      {(props) => (
        <Select {...props} data-field="start" value={value} onChange={(event) => set(event.target.value)}>
          {!Object.hasOwn(steps, value) && <option value={value}>{value ? `${value}?` : s.nowhere}</option>}
          {Object.entries(steps).map(([id, step]) => (
            <option key={id} value={id}>
              {titleOf(id, step)}
            </option>
          ))}
        </Select>
      )}
    </Field>
  )
}

/** What belongs to the workflow as a whole; shown when nothing is selected. */
export function WorkflowPanel() {
  const builder = useBuilder()
  const document = useDocument()
  const set = (field: DocumentField, value: unknown) => builder.perform({ op: 'set_document', field, value })
  return (
    <>
      <Field label={s.name}>
        {(props) => (
          <Input
            {...props}
            data-field="name"
            value={document.name}
            maxLength={200}
            onChange={(event) => set('name', event.target.value)}
          />
        )}
      </Field>
      <Field label={s.description}>
        {(props) => (
          <Textarea
            {...props}
            data-field="description"
            rows={2}
            value={document.description ?? ''}
            onChange={(event) => set('description', event.target.value || undefined)}
          />
        )}
      </Field>
      <ExpressionField
        label={s.case}
        hint={s.caseHint}
        name={s.case}
        field="case"
        mode="template"
        value={document.case ?? ''}
        onChange={(next) => set('case', next || undefined)}
      />
      <StartField value={document.start} steps={document.steps} set={(next) => set('start', next)} />
      <Triggers triggers={document.triggers ?? []} set={(next) => set('triggers', next)} />
      <VarsField value={document.vars} set={(value) => set('vars', value)} />
      <InputSchema value={document.input} set={(value) => set('input', value)} />
      <Calendars />
      <WaitingField
        label={strings.waiting.failure}
        hint={strings.waiting.failureHint}
        value={document.waiting_message}
        onChange={(next) => set('waiting_message', next)}
      />
      <AlertsField value={document.alerts} set={(next) => set('alerts', next)} />
      <Field label={s.stepLimit} hint={s.stepLimitHint}>
        {(props) => (
          <Input
            {...props}
            data-field="step_limit"
            type="number"
            min={1}
            value={document.step_limit ?? ''}
            onChange={(event) => set('step_limit', event.target.value === '' ? undefined : Number(event.target.value))}
          />
        )}
      </Field>
    </>
  )
}
