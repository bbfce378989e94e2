import type { Notify, ToolCall } from '@/model/document'
import { retrySummary } from '@/model/duration'
import type { Json } from '@/model/json'
import { Field, Input, Select } from '@/ui/field'
import { useBuilder } from './context'
import { DurationField, Group } from './fields'
import { strings } from './strings'

/** How often it is tried and how long an attempt may take. */
export function RetryGroup({ id, step }: { id: string; step: ToolCall | Notify }) {
  const builder = useBuilder()
  const retry = step.retry
  const set = (key: string, value: Json | undefined) =>
    builder.perform({ op: 'set_field', id, path: ['retry', key], value })
  return (
    <Group title={strings.tool.retry} field="retry">
      <div className="grid grid-cols-2 gap-2">
        <Field label={strings.tool.retries}>
          {(props) => (
            <Input
              {...props}
              data-field="retry.attempts"
              type="number"
              min={1}
              max={20}
              value={retry?.attempts ?? 1}
              onChange={(event) =>
                Number(event.target.value) > 1
                  ? set('attempts', Number(event.target.value))
                  : builder.perform({ op: 'set_field', id, path: ['retry'], value: undefined })
              }
            />
          )}
        </Field>
        {retry && (
          <Field label={strings.tool.backoff}>
            {(props) => (
              <Select
                {...props}
                data-field="retry.backoff"
                value={retry.backoff ?? 'exponential'}
                onChange={(event) => set('backoff', event.target.value)}
              >
                <option value="exponential">{strings.tool.exponential}</option>
                <option value="constant">{strings.tool.constant}</option>
              </Select>
            )}
          </Field>
        )}
        {retry && <DurationField id={id} path={['retry', 'initial']} label={strings.tool.initial} hint="1s" />}
        {retry && <DurationField id={id} path={['retry', 'max']} label={strings.tool.max} hint="1m" />}
      </div>
      {retry && <p className="text-xs text-muted">{retrySummary(retry)}</p>}
      <DurationField
        id={id}
        path={['timeout']}
        label={strings.inspector.timeout}
        hint={strings.inspector.timeoutHint}
      />
    </Group>
  )
}
