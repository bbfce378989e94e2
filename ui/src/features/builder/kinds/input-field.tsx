import { useState, type DragEvent, type ReactNode, type SyntheticEvent } from 'react'
import { VALUE_TYPE } from '@/components/expression/value-drag'
import { asExpression, asValue, hasExpression, inputText, readInput, wayOf, type Way } from '@/model/expression/input'
import { isObject, jsonEqual, setAt, type Json } from '@/model/json'
import type { SchemaField } from '@/model/schema'
import { Plus } from 'lucide-react'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Field, Input, Select, Textarea } from '@/ui/field'
import { toast } from '@/ui/toast'
import { droppedPath, PickButton, ValueList } from '../data-picker'
import { ExpressionField } from '../expression-field'
import { JsonField, movedUp, RowButtons, useStepField } from '../fields'
import { useShape, type Place } from '../sample'
import { strings } from '../strings'

const s = strings.tool
const STEP: Place = { kind: 'step' }
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
  if (field.item)
    return <ListRows field={field} path={path} value={value} onChange={onChange} label={label} hint={hint} />
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

/** What a row of a list begins with: its required members are there to be filled in. */
const freshItem = (item: SchemaField): Json => (item.fields ? {} : item.type === 'number' ? 0 : '')

/** A list, a row for each item; the last one taken out takes the list along. */
function ListRows({ field, path, value, onChange, label, hint }: Omit<ControlProps, 'onBegin'>) {
  const items: Json[] = Array.isArray(value) ? value : []
  const { item } = field
  if (!item) return null
  const write = (next: Json[]) => onChange(next.length > 0 ? next : undefined)
  return (
    <fieldset data-field={path} className="flex min-w-0 flex-col gap-2">
      <legend className="mb-1 w-full text-xs font-medium text-muted">{label}</legend>
      {hint && <p className="text-xs text-faint">{hint}</p>}
      {items.map((one, index) => (
        <div key={index} className="flex flex-col gap-2 rounded-md border border-line p-2">
          <div className="flex items-center text-xs text-muted">
            {strings.lists.row(field.title, index + 1)}
            <RowButtons
              first={index === 0}
              upLabel={strings.form.up}
              removeLabel={strings.inspector.remove(strings.lists.row(field.title, index + 1))}
              onUp={() => write(movedUp(items, index))}
              onRemove={() => write(items.filter((_, at) => at !== index))}
            />
          </div>
          {item.fields ? (
            item.fields.map((member) => (
              <InputField
                key={member.name}
                field={member}
                path={`${path}.${index}.${member.name}`}
                value={isObject(one) ? one[member.name] : undefined}
                onChange={(next) => write(setAt(items, [index], setAt(isObject(one) ? one : {}, [member.name], next)))}
              />
            ))
          ) : (
            <InputField
              field={{ ...item, title: strings.lists.row(field.title, index + 1) }}
              path={`${path}.${index}`}
              value={one}
              onChange={(next) => write(items.map((old, at) => (at === index ? (next ?? freshItem(item)) : old)))}
            />
          )}
        </div>
      ))}
      <div>
        <Button small look="quiet" icon={<Plus size={13} />} onClick={() => write([...items, freshItem(item)])}>
          {strings.lists.add(field.title)}
        </Button>
      </div>
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
      className="flex gap-0.5 rounded text-[11px] leading-4 hover:bg-hover disabled:opacity-60"
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
  const shape = useShape(STEP)
  const [picking, setPicking] = useState(false)
  /** A picked value follows the text there is; anything else it takes the place of. */
  const insert = (path: string) => {
    setPicking(false)
    begin(`${field.type === 'string' && !field.values && typeof value === 'string' ? value : ''}{{ ${path} }}`)
  }
  const drop = (event: DragEvent) => {
    const path = way === 'value' && !field.fields ? droppedPath(event) : ''
    if (path === '' || event.defaultPrevented) return
    event.preventDefault()
    insert(path)
  }
  const pickable = way === 'value' && !field.fields && (field.type !== 'json' || field.item !== null)
  const label = (
    <span className="block pr-34">
      {field.title}
      {field.required && <span className="text-bad"> *</span>}{' '}
      <span className="font-mono font-normal text-faint">{field.name}</span>
    </span>
  )
  const hint = field.description || undefined
  return (
    <div
      className="relative flex flex-col gap-1"
      onDrop={drop}
      onDragOver={(event) => event.dataTransfer.types.includes(VALUE_TYPE) && event.preventDefault()}
    >
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
      <span className="absolute -top-1 right-0 flex items-center gap-0.5">
        <WayToggle title={field.title} way={way} onFlip={flip} />
        {pickable && <PickButton open={picking} onClick={() => setPicking(!picking)} />}
      </span>
      {picking && pickable && <ValueList shape={shape} onPick={insert} onClose={() => setPicking(false)} />}
    </div>
  )
}

/** An input of a step. */
export function StepInput({ id, field }: { id: string; field: SchemaField }) {
  const [value, setValue] = useStepField<Json>(id, ['input', field.name])
  return <InputField field={field} path={`input.${field.name}`} value={value} onChange={setValue} />
}
