import Form from '@rjsf/core'
import type { ErrorSchema, RJSFSchema } from '@rjsf/utils'
import { useEffect, useImperativeHandle, useMemo, useRef, useState, type Ref } from 'react'
import { fieldKind, type FieldKind } from '@/model/field-kind'
import { filled, withTypes } from '@/model/form-schema'
import { askedForm, askedValues } from '@/model/form-when'
import { getAt } from '@/model/json'
import { Button } from '@/ui/button'
import { strings } from './strings'
import { fields as kinds, templates, widgets } from './theme'
import { partsOf, placed, problems, validator, type Problem } from './validator'

type Data = Record<string, unknown>

/** What a form without a button of its own is asked by whoever has the button. */
export type FormHandle = { validate: () => boolean }

export type SchemaFormProps = {
  id: string
  handle?: Ref<FormHandle>
  schema: unknown
  values: Data
  errors?: readonly Problem[]
  busy?: boolean
  submitLabel?: string
  large?: boolean
  onChange: (values: Data) => void
  onSubmit?: (values: Data) => void
  /** Told whether the values fit, before anybody sends them; why a field does not stands beside it once it was left. */
  onWhole?: (whole: boolean) => void
}

/** Complaints in the shape the form wants them. */
function errorTree(schema: RJSFSchema, errors: readonly Problem[]): ErrorSchema<Data> {
  const tree: Record<string, unknown> = {}
  for (const error of errors) {
    const { path, message } = placed(schema, partsOf(error), error.message)
    let at = tree
    for (const part of path) at = (at[part] ??= {}) as Record<string, unknown>
    ;((at.__errors ??= []) as string[]).push(message)
  }
  return tree as ErrorSchema<Data>
}

/** How some kinds are drawn; everything else follows the schema. */
const HINTS: Partial<Record<FieldKind, Record<string, unknown>>> = {
  long: { 'ui:widget': 'textarea' },
  secret: { 'ui:widget': 'password' },
  time: { 'ui:widget': 'text', 'ui:options': { inputType: 'time' } },
  consent: { 'ui:widget': 'checkbox' },
  several: { 'ui:widget': 'checkboxes' },
  rating: { 'ui:widget': 'RatingWidget' },
  money: { 'ui:widget': 'MoneyWidget' },
  summary: { 'ui:field': 'SummaryField' },
}

function uiSchema(schema: RJSFSchema): Record<string, unknown> {
  const hints: Record<string, unknown> = { 'ui:submitButtonOptions': { norender: true } }
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (typeof field !== 'object') continue
    const hint = HINTS[fieldKind(field)]
    if (hint) hints[name] = hint
    if (field.writeOnly === true || field.format === 'password' || (field as { secret?: unknown }).secret === true)
      hints[name] = { 'ui:widget': 'password' }
  }
  return hints
}

const NONE: readonly Problem[] = []

/** Nobody finds items in a list that they did not put there. */
const UNTOUCHED = {
  arrayMinItems: { populate: 'requiredOnly' },
  emptyObjectFields: 'populateRequiredDefaults',
} as const

/** What does not fit before anybody sends it: of the fields that somebody was at. */
function useUnfit({ id, values, onWhole }: Pick<SchemaFormProps, 'id' | 'values' | 'onWhole'>, typed: RJSFSchema) {
  const [left, setLeft] = useState<readonly string[]>([])
  const found = useMemo(() => (onWhole === undefined ? [] : problems(typed, values)), [onWhole, values, typed])
  const whole = found.length === 0
  useEffect(() => onWhole?.(whole), [onWhole, whole])
  const unfit = useMemo(
    () =>
      found.filter((one) => {
        const path = partsOf(one)
        const field = [`f${id}`, ...path].join('_')
        const parts = typeof getAt(values, path) === 'object'
        return left.some((other) => other === field || (parts && other.startsWith(`${field}_`)))
      }),
    [found, id, values, left],
  )
  const leave = (field: string | undefined) => {
    if (onWhole && field !== undefined && !left.includes(field)) setLeft([...left, field])
  }
  return { unfit, leave }
}

/** A form made from a JSON Schema. Without `submitLabel` it has no button; `handle` shows what is missing. */
export default function SchemaForm({
  id,
  handle,
  schema,
  values,
  errors = NONE,
  busy,
  submitLabel,
  large,
  onChange,
  onSubmit,
  onWhole,
}: SchemaFormProps) {
  // What is not asked for stays as it was filled in, should it be asked for again; it is not sent.
  const asked = askedForm(schema, values)
  const given = asked === schema ? values : askedValues(schema, values)
  const fields = JSON.stringify(asked)
  const typed = useMemo<RJSFSchema>(
    () => ({ type: 'object', ...(withTypes(JSON.parse(fields)) as RJSFSchema), title: '' }),
    [fields],
  )
  const hints = useMemo(() => uiSchema(typed), [typed])
  const { unfit, leave } = useUnfit({ id, values: given, onWhole }, typed)
  const extra = useMemo(() => errorTree(typed, [...errors, ...unfit]), [typed, errors, unfit])
  const form = useRef<Form<Data, RJSFSchema>>(null)
  useImperativeHandle(handle, () => ({ validate: () => form.current?.validateForm() ?? true }), [])
  return (
    <Form<Data, RJSFSchema>
      ref={form}
      idPrefix={`f${id}`}
      schema={typed}
      uiSchema={hints}
      validator={validator}
      formData={given}
      experimental_defaultFormStateBehavior={UNTOUCHED}
      formContext={{ large, optional: strings.optional, choose: strings.choose }}
      templates={templates}
      widgets={widgets}
      fields={kinds}
      extraErrors={extra}
      showErrorList={false}
      focusOnFirstError
      noHtml5Validate
      disabled={busy}
      onBlur={leave}
      onChange={(event, changed) => {
        // Nobody types in what is changed by a button.
        if (document.activeElement?.id !== changed) leave(changed)
        const aside = Object.entries(values).filter(([name]) => !(name in given))
        onChange({ ...Object.fromEntries(aside), ...event.formData })
      }}
      onSubmit={(event) => onSubmit?.(filled(typed, event.formData ?? {}) as Data)}
    >
      {submitLabel ? (
        <Button
          type="submit"
          look="primary"
          busy={busy}
          className={large ? 'mt-4 !h-11 w-full !rounded-lg !text-base' : 'mt-4'}
        >
          {submitLabel}
        </Button>
      ) : (
        <></>
      )}
    </Form>
  )
}
