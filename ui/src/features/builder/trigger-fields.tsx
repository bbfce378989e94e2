import type { Trigger } from '@/model/document'
import { withPart } from '@/model/trigger'
import { Field, Input, Select } from '@/ui/field'
import { useProblemAt } from './problems'
import { strings } from './trigger-strings'

/** A trigger, where it stands in the document (`triggers.0`), and how it is changed. */
export type TriggerProps<T extends Trigger> = { trigger: T; field: string; change: (trigger: T) => void }

/** What a trigger is called by. */
export function NameField<T extends Trigger>({
  trigger,
  field,
  change,
  part,
  value,
}: TriggerProps<T> & { part: 'path' | 'id'; value: string | undefined }) {
  const at = `${field}.${part}`
  return (
    <Field label={strings.name} hint={strings.nameHint(trigger.type)} error={useProblemAt(at)}>
      {(props) => (
        <Input
          {...props}
          data-field={at}
          spellCheck={false}
          className="font-mono !text-xs"
          value={value ?? ''}
          onChange={(event) => change(withPart(trigger, part, event.target.value))}
        />
      )}
    </Field>
  )
}

/** One of a few ways. */
export function ChoiceField({
  label,
  field,
  value,
  choices,
  onChange,
}: {
  label: string
  field: string
  value: string
  choices: Record<string, string>
  onChange: (value: string) => void
}) {
  return (
    <Field label={label} error={useProblemAt(field)}>
      {(props) => (
        <Select {...props} data-field={field} value={value} onChange={(event) => onChange(event.target.value)}>
          {Object.entries(choices).map(([id, said]) => (
            <option key={id} value={id}>
              {said}
            </option>
          ))}
        </Select>
      )}
    </Field>
  )
}
