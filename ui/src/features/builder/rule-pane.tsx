import { useMemo } from 'react'
import RuleEditor from '@/components/rules/rule-editor'
import { choicesOf, leaves, rulesOf, withIds } from '@/components/rules/rules'
import { pickables, type Pickable } from '@/model/expression/pills'
import { Note } from '@/ui/states'
import { useShape, type Place } from './sample'
import { strings } from './strings'

const s = strings.condition

/** What each value is called, with what it is part of: an order has two amounts. */
function namesOf(values: readonly Pickable[]): Map<string, string> {
  const known = new Map(values.map((one) => [one.path, one]))
  const within = (one: Pickable): string => {
    const whole = known.get(one.path.slice(0, one.path.lastIndexOf('.')))
    return whole && whole.depth > 0 ? s.rules.inGroup(within(whole), one.label) : one.label
  }
  return new Map(values.map((one) => [one.path, s.rules.inGroup(one.group, within(one))]))
}

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
  const rules = useMemo(() => {
    const said = rulesOf(text)
    return said && withIds(said)
  }, [text])
  const shape = useShape(place)
  const names = useMemo(() => leaves(shape()), [shape])
  const choices = useMemo(() => choicesOf(shape()), [shape])
  const called = useMemo(() => namesOf(pickables(shape())), [shape])
  if (!rules)
    return (
      <Note tone="muted">
        {s.notRules}
        <code className="mt-1 block font-mono text-xs break-words">{text}</code>
      </Note>
    )
  return (
    <RuleEditor
      label={s.when}
      words={s.rules}
      names={names}
      called={called}
      choices={choices}
      rules={rules}
      onChange={onChange}
      disabled={disabled}
    />
  )
}
