import { useMemo } from 'react'
import RuleEditor from '@/components/rules/rule-editor'
import { leaves, rulesOf } from '@/components/rules/rules'
import { Note } from '@/ui/states'
import { useShape, type Place } from './sample'
import { strings } from './strings'

const s = strings.condition

/** The rules a text says; a text that says more is kept and said so. */
export default function RulePane({
  text,
  place,
  onChange,
  disabled,
}: {
  text: string
  place: Place
  onChange: (text: string) => void
  disabled: boolean
}) {
  const rules = useMemo(() => rulesOf(text), [text])
  const shape = useShape(place)
  const names = useMemo(() => leaves(shape()), [shape])
  if (!rules)
    return (
      <Note tone="muted">
        {s.notRules}
        <code className="mt-1 block font-mono text-xs break-words">{text}</code>
      </Note>
    )
  return (
    <RuleEditor label={s.when} words={s.rules} names={names} rules={rules} onChange={onChange} disabled={disabled} />
  )
}
