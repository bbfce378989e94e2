import { Field, Select } from '@/ui/field'
import { ExpressionField } from './expression-field'
import { strings } from './strings'

const s = strings.waiting

type Waiting = boolean | string | undefined
type Kind = 'none' | 'standard' | 'own'

function kindOf(value: Waiting): Kind {
  if (typeof value === 'string') return 'own'
  return value === true ? 'standard' : 'none'
}

const FRESH: Record<Kind, Waiting> = { none: undefined, standard: true, own: '' }

/** What the customer reads while they wait for people: nothing, the workspace's words, or words of its own. */
export function WaitingField({
  label,
  hint,
  value,
  onChange,
}: {
  label: string
  hint: string
  value: Waiting
  onChange: (value: Waiting) => void
}) {
  const kind = kindOf(value)
  return (
    <>
      <Field label={label} hint={hint}>
        {(props) => (
          <Select
            {...props}
            data-field="waiting_message"
            value={kind}
            onChange={(event) => onChange(FRESH[event.target.value as Kind])}
          >
            {(Object.keys(FRESH) as Kind[]).map((one) => (
              <option key={one} value={one}>
                {s.kinds[one]}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {typeof value === 'string' && (
        <ExpressionField
          label={s.words}
          name={s.words}
          field="waiting_message"
          mode="template"
          lines={2}
          placeholder={strings.tool.template}
          value={value}
          onChange={onChange}
        />
      )}
    </>
  )
}
