import { Plus, X } from 'lucide-react'
import {
  QueryBuilder,
  type ActionProps,
  type RuleGroupType,
  type RuleType,
  type ValueEditorProps,
  type VersatileSelectorProps,
} from 'react-querybuilder'
import { listed } from '@/model/listed'
import { Button, IconButton } from '@/ui/button'
import { Checkbox, Input, Select } from '@/ui/field'
import { kindOfValue, mismatch, numberOf, OPERATORS, textOf, valueAs, type Operator, type ValueKind } from './rules'

type RuleWords = {
  group: string
  field: string
  operator: string
  operators: Record<Operator, string>
  value: string
  kind: string
  kinds: Record<ValueKind, string>
  all: string
  any: string
  combinator: string
  addRule: string
  addGroup: string
  remove: string
  list: string
  asNumber: (field: string) => string
  mismatch: (field: string, kind: string, value: string) => string
  numberAsText: (value: string) => string
}
type Props = {
  label: string
  words: RuleWords
  names: ReadonlyMap<string, ValueKind | undefined>
  /** What people call a value, by its path. */
  called: ReadonlyMap<string, string>
  /** What is one of a few, and of which, by its path. */
  choices: ReadonlyMap<string, readonly string[]>
  rules: RuleGroupType
  onChange: (text: string) => void
  disabled?: boolean
}

type Context = Pick<Props, 'words' | 'names' | 'called' | 'choices'>

/** What a field is called: its name, the path where it has none. */
function nameOf(field: string, { words, called }: Pick<Context, 'words' | 'called'>): string {
  const path = numberOf(field)
  return path === null ? (called.get(field) ?? field) : words.asNumber(called.get(path) ?? path)
}

function Choice({ options, value, title, disabled, ...rest }: VersatileSelectorProps) {
  const flat = options as { name?: string; value?: string; label: string }[]
  return (
    <Select
      aria-label={title}
      disabled={disabled}
      value={String(value ?? '')}
      className="!w-auto min-w-0 max-w-full"
      onChange={(event) => rest.handleOnChange(event.target.value)}
    >
      {flat.map((one) => (
        <option key={one.name} value={one.name}>
          {one.label}
        </option>
      ))}
    </Select>
  )
}

/** One of a few, or some of them; what stands there and is none of them stays to be seen. */
function Chosen({
  label,
  offered,
  value,
  disabled,
  onChange,
}: {
  label: string
  offered: readonly string[]
  value: unknown
  disabled?: boolean
  onChange: (value: unknown) => void
}) {
  if (!Array.isArray(value)) {
    const now = typeof value === 'string' ? value : ''
    return (
      <Select
        aria-label={label}
        disabled={disabled}
        value={now}
        className="!w-auto min-w-24 flex-1"
        onChange={(event) => onChange(event.target.value)}
      >
        {!offered.includes(now) && <option value={now}>{now && `${now}?`}</option>}
        {offered.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </Select>
    )
  }
  const some = value.map(String)
  const all = [...offered, ...some.filter((one) => !offered.includes(one))]
  const changed = (one: string, on: boolean) => all.filter((other) => (other === one ? on : some.includes(other)))
  return (
    <span role="group" aria-label={label} className="flex flex-wrap gap-x-3 gap-y-1">
      {all.map((one) => (
        <Checkbox
          key={one}
          label={one}
          disabled={disabled}
          checked={some.includes(one)}
          onChange={(event) => onChange(changed(one, event.target.checked))}
        />
      ))}
    </span>
  )
}

function Value({ operator, value, disabled, context, ...rest }: ValueEditorProps) {
  const change = (next: unknown): void => rest.handleOnChange(next)
  const { words, names, called, choices } = context as Context
  const known = names.get(rest.field)
  if (operator === 'null' || operator === 'missing') return null
  const offered = choices.get(rest.field)
  const chosen = { label: operator === 'in' ? words.list : words.value, disabled, onChange: change }
  if (offered && (operator === '=' || operator === '!='))
    return <Chosen {...chosen} offered={offered} value={value as unknown} />
  if (offered && operator === 'in')
    return <Chosen {...chosen} offered={offered} value={Array.isArray(value) ? (value as unknown[]) : []} />
  if (operator === 'in') {
    const list: unknown[] = Array.isArray(value) ? value : []
    return (
      <Input
        aria-label={words.list}
        disabled={disabled}
        placeholder={words.list}
        defaultValue={list.map(String).join(', ')}
        className="!w-auto min-w-24 flex-1"
        onBlur={(event) => change(listed(event.target.value).map((word) => valueAs(known ?? 'text', word)))}
      />
    )
  }
  const kind = operator === 'contains' ? 'text' : kindOfValue(value)
  const wrong = mismatch(rest.rule, known)
  return (
    <>
      <span className="flex min-w-32 flex-1 gap-1">
        {kind === 'boolean' ? (
          <Select
            aria-label={words.value}
            disabled={disabled}
            value={String(value)}
            onChange={(event) => change(event.target.value === 'true')}
          >
            {[true, false].map((one) => (
              <option key={String(one)}>{String(one)}</option>
            ))}
          </Select>
        ) : (
          <Input
            aria-label={words.value}
            disabled={disabled}
            inputMode={kind === 'number' ? 'decimal' : undefined}
            value={String(value ?? '')}
            onChange={(event) => change(valueAs(kind, event.target.value))}
          />
        )}
        {operator !== 'contains' && (
          <Select
            aria-label={words.kind}
            disabled={disabled}
            value={kind}
            className="!w-24 shrink-0"
            onChange={(event) =>
              change(
                event.target.value === 'number'
                  ? Number(value) || 0
                  : event.target.value === 'boolean'
                    ? false
                    : String(value ?? ''),
              )
            }
          >
            {(['text', 'number', 'boolean'] as const).map((one) => (
              <option key={one} value={one}>
                {words.kinds[one]}
              </option>
            ))}
          </Select>
        )}
      </span>
      {wrong && (
        <p role="status" className="w-full text-xs text-warn">
          {wrong.field === undefined
            ? words.numberAsText(String(value))
            : words.mismatch(nameOf(rest.field, { words, called }), words.kinds[wrong.field], words.kinds[wrong.value])}
        </p>
      )}
    </>
  )
}

const Add = ({ label, disabled, ...rest }: ActionProps) => (
  <Button
    small
    look="quiet"
    icon={<Plus size={12} />}
    disabled={disabled}
    onClick={(event) => rest.handleOnClick(event)}
  >
    {label as string}
  </Button>
)
const Remove = ({ title, disabled, ...rest }: ActionProps) => (
  <IconButton
    label={title ?? ''}
    className="!size-6"
    disabled={disabled}
    onClick={(event) => rest.handleOnClick(event)}
  >
    <X size={13} />
  </IconButton>
)

const CONTROLS = {
  fieldSelector: Choice,
  operatorSelector: Choice,
  combinatorSelector: Choice,
  valueEditor: Value,
  addRuleAction: Add,
  addGroupAction: Add,
  removeRuleAction: Remove,
  removeGroupAction: Remove,
}
const CLASSES = {
  ruleGroup: 'flex flex-col gap-2 rounded-md border border-line p-2',
  header: 'flex flex-wrap items-center gap-1',
  body: 'flex flex-col gap-2',
  rule: 'flex flex-wrap items-center gap-1 rounded-md bg-sunken p-1.5',
}

/** A condition to click together; every change is the JSONata text of the rules. */
export default function RuleEditor({ label, words, names, called, choices, rules, onChange, disabled }: Props) {
  const named = [...new Set([...names.keys(), ...rulesIn(rules).map((rule) => rule.field)])].map((name) => ({
    name,
    value: name,
    label: nameOf(name, { words, called }),
  }))
  // Only what is null and there; offered where it stands already, a person asks whether something is missing.
  const old = rulesIn(rules).some((rule) => rule.operator === 'null')
  return (
    <div role="group" aria-label={label} className="text-sm">
      <QueryBuilder
        query={rules}
        fields={named}
        operators={OPERATORS.filter((name) => name !== 'null' || old).map((name) => ({
          name,
          value: name,
          label: words.operators[name],
        }))}
        combinators={[
          { name: 'and', value: 'and', label: words.all },
          { name: 'or', value: 'or', label: words.any },
        ]}
        controlElements={CONTROLS}
        controlClassnames={CLASSES}
        context={{ words, names, called, choices }}
        // An amount is asked about by how much it is, a text by what it is.
        getDefaultOperator={(field) => (names.get(field) === 'number' ? '>=' : '=')}
        getDefaultValue={(rule) => choices.get(rule.field)?.[0] ?? STARTS[names.get(rule.field) ?? 'text']}
        disabled={disabled}
        suppressStandardClassnames
        translations={{
          fields: { title: words.field },
          operators: { title: words.operator },
          combinators: { title: words.combinator },
          addRule: { label: words.addRule, title: words.addRule },
          addGroup: { label: words.addGroup, title: words.addGroup },
          removeRule: { label: 'x', title: words.remove },
          removeGroup: { label: 'x', title: words.remove },
        }}
        onQueryChange={(next) => {
          const text = textOf(next)
          if (text !== textOf(rules)) onChange(text)
        }}
      />
    </div>
  )
}

const STARTS: Record<ValueKind, unknown> = { text: '', number: 0, boolean: true }

function rulesIn(rules: RuleGroupType): RuleType[] {
  return rules.rules.flatMap((rule) => (typeof rule === 'string' ? [] : 'rules' in rule ? rulesIn(rule) : [rule]))
}
