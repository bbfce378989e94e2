import { Field, Input } from '@/ui/field'

/** Longest reason, characters. */
const REASON_MAX = 500

/** Why something is done, for the record. */
export function ReasonField({
  label,
  hint,
  reason,
  onChange,
}: {
  label: string
  hint: string
  reason: string
  onChange: (reason: string) => void
}) {
  return (
    <Field label={label}>
      {(props) => (
        <Input
          {...props}
          required
          maxLength={REASON_MAX}
          value={reason}
          placeholder={hint}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}
