import type { End } from '@/model/document'
import { Field, Select } from '@/ui/field'
import { useBuilder } from '../context'
import { JsonField, TextField } from '../fields'
import { strings } from '../strings'

const s = strings.end

export function EndEditor({ id, step }: { id: string; step: End }) {
  const builder = useBuilder()
  return (
    <>
      <Field label={s.status}>
        {(props) => (
          <Select
            {...props}
            data-field="status"
            value={step.status ?? 'completed'}
            onChange={(event) => builder.perform({ op: 'set_field', id, path: ['status'], value: event.target.value })}
          >
            {Object.entries(s.statuses).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <TextField
        id={id}
        path={['message']}
        label={s.message}
        rows={3}
        mode="template"
        placeholder={strings.tool.template}
      />
      <JsonField
        label={s.output}
        field="output"
        template
        value={step.output}
        onChange={(value) => builder.perform({ op: 'set_field', id, path: ['output'], value })}
      />
    </>
  )
}
