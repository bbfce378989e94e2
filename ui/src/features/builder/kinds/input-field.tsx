import { useState, type ReactNode, type SyntheticEvent } from 'react'
import { asExpression, asValue, hasExpression, inputText, readInput, wayOf, type Way } from '@/model/expression/input'
import { isObject, jsonEqual, setAt, type Json } from '@/model/json'
import type { SchemaField } from '@/model/schema'
import { cx } from '@/ui/cx'
import { Field, Input, Select, Textarea } from '@/ui/field'
import { toast } from '@/ui/toast'
import { ExpressionField } from '../expression-field'
import { JsonField, useStepField } from '../fields'
import { strings } from '../strings'

const s = strings.tool
type InputProps = {
  field: SchemaField
  path: string
  value: Json | undefined
  onChange: (value: Json | undefined) => void
}
type ControlProps = InputProps & {
  label: ReactNode
  hint?: string
  /** An expression is begun where there is no text to write it in. */ onBegin: (text: string) => void
}

/** The control of the field's type. What is written in it is stored as JSON of that type. */
function ValueControl({ field, path, value, onChange, onBegin, label, hint }: ControlProps) {
  const [rows] = useState(() => (typeof value === 'string' && value.includes('\n') ? 4 : 1))
  if (field.fields)
    return <MemberFields field={field} path={path} value={value} onChange={onChange} label={label} hint={hint} />
  const begin = (event: SyntheticEvent, text: string) => {
    event.preventDefault()
    onBegin(text)
  }
  const choices = field.values
    ? (field.choices ?? []).map((name, index) => [name, field.values?.[index] as Json] as const)
    : field.type === 'boolean'
      ? [[s.yes, true] as const, [s.no, false] as const]
      : null
  if (choices) {
    const at = choices.findIndex(([, choice]) => jsonEqual(choice, value))
    return (
      <Field label={label} hint={hint}>
        {(props) => (
          <Select
            {...props}
            data-field={path}
            value={at < 0 ? '' : at}
            onChange={(event) =>
              onChange(event.target.value === '' ? undefined : choices[Number(event.target.value)]?.[1])
            }
            onKeyDown={(event) => event.key === '{' && begin(event, event.key)}
          >
            <option value="" />
            {choices.map(([name], index) => (
              <option key={index} value={index}>
                {name}
              </option>
            ))}
          </Select>
        )}
      </Field>
    )
  }
  if (field.type === 'json')
    return (
      <JsonField
        label={label}
        hint={hint}
        field={path}
        name={field.title}
        template
        value={value}
        onChange={onChange}
        rows={3}
      />
    )
  if (field.type === 'number') {
    return (
      <Field label={label} hint={hint}>
        {(props) => (
          <Input
            {...props}
            data-field={path}
            type="number"
            step="any"
            value={typeof value === 'number' ? value : ''}
            onChange={(event) => onChange(event.target.value === '' ? undefined : Number(event.target.value))}
            onBeforeInput={(event) => event.data?.includes('{') && begin(event, event.data)}
          />
        )}
      </Field>
    )
  }
  const text = typeof value === 'string' ? value : ''
  const write = (next: string) => onChange(next || undefined)
  return (
    <Field label={label} hint={hint}>
      {(props) =>
        rows > 1 ? (
          <Textarea
            {...props}
            data-field={path}
            rows={rows}
            value={text}
            onChange={(event) => write(event.target.value)}
          />
        ) : (
          <Input
            {...props}
            data-field={path}
            placeholder={s.template}
            value={text}
            onChange={(event) => write(event.target.value)}
          />
        )
      }
    </Field>
  )
}

/** The members of an object, each an input of its own; the last one taken out takes the object along. */
function MemberFields({ field, path, value, onChange, label, hint }: Omit<ControlProps, 'onBegin'>) {
  const object = isObject(value) ? value : {}
  const set = (name: string, next: Json | undefined) => {
    const made = setAt(object, [name], next)
    onChange(Object.keys(made).length > 0 ? made : undefined)
  }
  return (
    <fieldset data-field={path} className="flex min-w-0 flex-col gap-3 border-l-2 border-line pl-3">
      <legend className="mb-2 -ml-3.5 w-full text-xs font-medium text-muted">{label}</legend>
      {hint && <p className="text-xs text-faint">{hint}</p>}
      {field.fields?.map((member) => (
        <InputField
          key={member.name}
          field={member}
          path={`${path}.${member.name}`}
          value={object[member.name]}
          onChange={(next) => set(member.name, next)}
        />
      ))}
    </fieldset>
  )
}

function WayToggle({ title, way, onFlip }: { title: string; way: Way; onFlip: () => void }) {
  const side = (own: Way) => cx('rounded px-1', way === own ? 'bg-accent-soft text-accent' : 'text-faint')
  return (
    <button
      type="button"
      role="switch"
      aria-checked={way === 'expression'}
      aria-label={s.way(title)}
      onClick={onFlip}
      className="absolute top-0 right-0 flex gap-0.5 rounded text-[11px] leading-4 hover:bg-hover disabled:opacity-60"
    >
      <span className={side('value')}>{s.value}</span>
      <span className={side('expression')}>{s.expression}</span>
    </button>
  )
}

/** An input by its schema: a value of its type, or an expression that gives one. */
function InputField({ field, path, value, onChange }: InputProps) {
  // How it is being written goes on while the value is the one written here: half an expression is not a value yet.
  const [held, setHeld] = useState<{ way: Way; value: Json | undefined } | null>(null)
  const [focusAt, setFocusAt] = useState<number | null>(null)
  const [lines] = useState(() => (typeof value === 'string' && value.includes('\n') ? 4 : 1))
  const way = held && jsonEqual(held.value, value) ? held.way : wayOf(field, value)
  const hold = (next: Json | undefined, how: Way) => {
    setHeld({ way: how, value: next })
    if (!jsonEqual(next, value)) onChange(next)
  }
  const flip = () => {
    const next = way === 'value' ? asExpression(field, value) : asValue(field, value)
    setFocusAt(null)
    hold(next, way === 'value' ? 'expression' : 'value')
    if (value !== undefined && next === undefined)
      toast.ok(way === 'value' ? s.valueOut(field.title) : s.expressionOut(field.title))
  }
  const write = (next: Json | undefined) => {
    const begun = field.type === 'string' && !field.values && hasExpression(next)
    if (begun)
      setFocusAt(
        document.activeElement instanceof HTMLInputElement || document.activeElement instanceof HTMLTextAreaElement
          ? document.activeElement.selectionStart
          : null,
      )
    hold(next, begun ? 'expression' : 'value')
  }
  const begin = (text: string) => {
    setFocusAt(text.length)
    hold(text, 'expression')
  }
  const label = (
    <span className="block pr-30">
      {field.title}
      {field.required && <span className="text-bad"> *</span>}{' '}
      <span className="font-mono font-normal text-faint">{field.name}</span>
    </span>
  )
  const hint = field.description || undefined
  return (
    <div className="relative">
      {way === 'value' ? (
        <ValueControl
          field={field}
          path={path}
          value={value}
          onChange={write}
          onBegin={begin}
          label={label}
          hint={hint}
        />
      ) : (
        <ExpressionField
          label={label}
          name={field.title}
          field={path}
          hint={hint}
          mode="template"
          lines={lines}
          value={inputText(value)}
          placeholder={field.type === 'string' ? s.template : '{{ … }}'}
          focusAt={focusAt}
          onFocus={() => setFocusAt(null)}
          onChange={(text) => hold(readInput(field, text), 'expression')}
        />
      )}
      <WayToggle title={field.title} way={way} onFlip={flip} />
    </div>
  )
}

/** An input of a step. */
export function StepInput({ id, field }: { id: string; field: SchemaField }) {
  const [value, setValue] = useStepField<Json>(id, ['input', field.name])
  return <InputField field={field} path={`input.${field.name}`} value={value} onChange={setValue} />
}
