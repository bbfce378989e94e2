import Form from '@rjsf/core'
import type { ErrorSchema, RJSFSchema } from '@rjsf/utils'
import { useEffect, useImperativeHandle, useMemo, useRef, type Ref } from 'react'
import { filled, withTypes } from '@/model/form-schema'
import { pointerParts } from '@/model/json'
import { Button } from '@/ui/button'
import { strings } from './strings'
import { templates, widgets } from './theme'
import { validator } from './validator'

type Data = Record<string, unknown>
type FieldError = { pointer?: string | null; message: string }

/** What a form without a button of its own is asked by whoever has the button. */
export type FormHandle = { validate: () => boolean }

export type SchemaFormProps = {
  id: string
  handle?: Ref<FormHandle>
  schema: unknown
  values: Data
  errors?: readonly FieldError[]
  busy?: boolean
  submitLabel?: string
  large?: boolean
  onChange: (values: Data) => void
  onSubmit?: (values: Data) => void
  /** Told whether the values fit, also before anybody sends them. */
  onWhole?: (whole: boolean) => void
}

/** The server's complaints in the shape the form wants them; pointers may start with `/values`. */
function errorTree(errors: readonly FieldError[]): ErrorSchema<Data> {
  const tree: Record<string, unknown> = {}
  for (const { pointer, message } of errors) {
    const parts = pointerParts(pointer ?? '')
    if (parts[0] === 'values') parts.shift()
    let at = tree
    for (const part of parts) at = (at[part] ??= {}) as Record<string, unknown>
    ;((at.__errors ??= []) as string[]).push(message)
  }
  return tree as ErrorSchema<Data>
}

/** Long texts get a box of their own; everything else follows the schema. */
function uiSchema(schema: RJSFSchema): Record<string, unknown> {
  const hints: Record<string, unknown> = { 'ui:submitButtonOptions': { norender: true } }
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (typeof field !== 'object') continue
    if (field.type === 'string' && !field.enum && ((field.maxLength ?? 0) > 200 || field.format === 'textarea'))
      hints[name] = { 'ui:widget': 'textarea' }
    if (field.writeOnly === true || field.format === 'password' || (field as { secret?: unknown }).secret === true)
      hints[name] = { 'ui:widget': 'password' }
  }
  return hints
}

/** Nobody finds items in a list that they did not put there. */
const UNTOUCHED = {
  arrayMinItems: { populate: 'requiredOnly' },
  emptyObjectFields: 'populateRequiredDefaults',
} as const

/** A form made from a JSON Schema. Without `submitLabel` it has no button; `handle` shows what is missing. */
export default function SchemaForm({
  id,
  handle,
  schema,
  values,
  errors = [],
  busy,
  submitLabel,
  large,
  onChange,
  onSubmit,
  onWhole,
}: SchemaFormProps) {
  const typed = useMemo<RJSFSchema>(
    () => ({ type: 'object', ...(withTypes(schema) as RJSFSchema), title: '' }),
    [schema],
  )
  const hints = useMemo(() => uiSchema(typed), [typed])
  const extra = useMemo(() => errorTree(errors), [errors])
  const form = useRef<Form<Data, RJSFSchema>>(null)
  useImperativeHandle(handle, () => ({ validate: () => form.current?.validateForm() ?? true }), [])
  const whole = useMemo(
    () => onWhole === undefined || validator.validateFormData(values, typed).errors.length === 0,
    [onWhole, values, typed],
  )
  useEffect(() => onWhole?.(whole), [onWhole, whole])
  return (
    <Form<Data, RJSFSchema>
      ref={form}
      idPrefix={`f${id}`}
      schema={typed}
      uiSchema={hints}
      validator={validator}
      formData={values}
      experimental_defaultFormStateBehavior={UNTOUCHED}
      formContext={{ large, optional: strings.optional, choose: strings.choose }}
      templates={templates}
      widgets={widgets}
      extraErrors={extra}
      showErrorList={false}
      focusOnFirstError
      noHtml5Validate
      disabled={busy}
      onChange={(event) => onChange(event.formData ?? {})}
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
