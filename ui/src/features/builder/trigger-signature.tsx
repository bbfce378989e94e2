import type { Signature, Trigger } from '@/model/document'
import { withPart } from '@/model/trigger'
import { Field, Input } from '@/ui/field'
import { useProblemAt } from './problems'
import { ChoiceField, type TriggerProps } from './trigger-fields'
import { strings } from './trigger-strings'

const s = strings.webhook.signature
type Webhook = Extract<Trigger, { type: 'webhook' }>

/** What a part that is left out means. */
const USUAL: Partial<Record<keyof Signature, string>> = { algorithm: 'sha256', encoding: 'hex' }

type TextProps = {
  label: string
  hint: string
  example: string
  field: string
  value: string
  onChange: (text: string) => void
}

function Text({ label, hint, example, field, value, onChange }: TextProps) {
  return (
    <Field label={label} hint={hint} error={useProblemAt(field)}>
      {(own) => (
        <Input
          {...own}
          data-field={field}
          spellCheck={false}
          placeholder={example}
          className="font-mono !text-xs"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}

/** How an HMAC of the body is written; what is as usual is left out. */
export function SignatureFields({ trigger, field, change }: TriggerProps<Webhook>) {
  const hmac = trigger.hmac ?? {}
  const set = (part: keyof Signature, value: string) => {
    const next: Signature = { ...hmac, [part]: value }
    if (value === '' || value === USUAL[part]) delete next[part]
    change(withPart(trigger, 'hmac', Object.keys(next).length > 0 ? next : undefined))
  }
  const algorithm = hmac.algorithm ?? 'sha256'
  return (
    <>
      <Text
        label={s.header}
        hint={s.headerHint}
        example="x-signature"
        field={`${field}.hmac.header`}
        value={hmac.header ?? ''}
        onChange={(header) => set('header', header.trim())}
      />
      <ChoiceField
        label={s.algorithm}
        field={`${field}.hmac.algorithm`}
        value={algorithm}
        choices={s.algorithms}
        onChange={(next) => set('algorithm', next)}
      />
      <ChoiceField
        label={s.encoding}
        field={`${field}.hmac.encoding`}
        value={hmac.encoding ?? 'hex'}
        choices={s.encodings}
        onChange={(next) => set('encoding', next)}
      />
      <Text
        label={s.prefix}
        hint={s.prefixHint(algorithm)}
        example={`${algorithm}=`}
        field={`${field}.hmac.prefix`}
        value={hmac.prefix ?? ''}
        onChange={(prefix) => set('prefix', prefix)}
      />
    </>
  )
}
