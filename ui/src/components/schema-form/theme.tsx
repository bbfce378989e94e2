import {
  ariaDescribedByIds,
  enumOptionsValueForIndex,
  enumOptionsIndexForValue,
  type BaseInputTemplateProps,
  type FieldTemplateProps,
  type ObjectFieldTemplateProps,
  type RegistryFieldsType,
  type RegistryWidgetsType,
  type TemplatesType,
  type WidgetProps,
  type RJSFSchema,
  getInputProps,
} from '@rjsf/utils'
import type { ReactNode } from 'react'
import { cx } from '@/ui/cx'
import { Note } from '@/ui/states'
import { fieldKind } from '@/model/field-kind'
import { BOX, size } from './box'
import { FileWidget } from './file-widget'
import { CheckboxesWidget, MoneyWidget, RatingWidget, SummaryField } from './kind-widgets'
import { ArrayFieldItemTemplate, ArrayFieldTemplate } from './list-field'

type Data = Record<string, unknown>

/** The label of one control, or the name of several that stand together. */
function LabelOf({ id, grouped, children }: { id: string; grouped: boolean; children: ReactNode }) {
  if (grouped)
    return (
      <span id={`${id}__title`} className="text-sm font-medium">
        {children}
      </span>
    )
  return (
    <label htmlFor={id} className="text-sm font-medium">
      {children}
    </label>
  )
}

function FieldTemplate({
  id,
  label,
  required,
  children,
  rawErrors,
  rawDescription,
  hidden,
  schema,
  displayLabel,
  registry,
}: FieldTemplateProps<Data, RJSFSchema>) {
  if (hidden) return <div className="hidden">{children}</div>
  const kind = fieldKind(schema)
  if (kind === 'summary') return children
  if (schema.type === 'object')
    return (
      <>
        {children}
        {rawErrors && rawErrors.length > 0 && (
          <div className="mt-3">
            <Note tone="bad">{[...new Set(rawErrors)].join(' ')}</Note>
          </div>
        )}
      </>
    )
  const optional = (registry.formContext as { optional?: string }).optional
  return (
    <div className="flex flex-col gap-1">
      {displayLabel !== false && schema.type !== 'boolean' && (
        <LabelOf id={id} grouped={kind === 'several' || kind === 'rating'}>
          {label} {!required && optional && <span className="font-normal text-faint">({optional})</span>}
        </LabelOf>
      )}
      {children}
      {rawErrors && rawErrors.length > 0 ? (
        <p id={`${id}__error`} role="alert" className="text-sm text-bad">
          {[...new Set(rawErrors)].join(' ')}
        </p>
      ) : rawDescription ? (
        <p id={`${id}__description`} className="text-xs text-faint">
          {rawDescription}
        </p>
      ) : null}
    </div>
  )
}

function ObjectFieldTemplate({ properties, title, fieldPathId }: ObjectFieldTemplateProps<Data, RJSFSchema>) {
  const nested = fieldPathId.path.length > 0
  const body = (
    <div className="flex flex-col gap-3">
      {properties.map((property) => (
        <div key={property.name} className={cx(property.hidden && 'hidden')}>
          {property.content}
        </div>
      ))}
    </div>
  )
  if (!nested) return body
  return (
    <fieldset className="rounded-lg border border-line p-3">
      <legend className="px-1 text-sm font-medium">{title}</legend>
      {body}
    </fieldset>
  )
}

function BaseInputTemplate({
  id,
  htmlName,
  value,
  required,
  disabled,
  readonly,
  onChange,
  onBlur,
  onFocus,
  schema,
  options,
  type,
  rawErrors,
  placeholder,
  registry,
}: BaseInputTemplateProps<Data, RJSFSchema>) {
  const input = getInputProps(schema, type as string | undefined, options)
  const shown = (value ?? '') as string | number | object
  return (
    <input
      id={id}
      name={htmlName ?? id}
      {...input}
      inputMode={input.type === 'number' ? 'decimal' : undefined}
      autoComplete={schema.format === 'email' ? 'email' : undefined}
      placeholder={placeholder}
      required={required}
      disabled={disabled}
      readOnly={readonly}
      value={typeof shown === 'object' ? JSON.stringify(shown) : String(shown)}
      aria-invalid={rawErrors && rawErrors.length > 0 ? true : undefined}
      aria-describedby={ariaDescribedByIds(id)}
      onChange={(event) => onChange(event.target.value === '' ? (options.emptyValue as unknown) : event.target.value)}
      onBlur={(event) => onBlur(id, event.target.value)}
      onFocus={(event) => onFocus(id, event.target.value)}
      className={cx(BOX, size(registry.formContext))}
    />
  )
}

function TextareaWidget({
  id,
  value,
  required,
  disabled,
  onChange,
  onBlur,
  options,
  rawErrors,
  registry,
}: WidgetProps<Data, RJSFSchema>) {
  return (
    <textarea
      id={id}
      rows={options.rows ?? 3}
      required={required}
      disabled={disabled}
      value={String((value as string | undefined) ?? '')}
      aria-invalid={rawErrors && rawErrors.length > 0 ? true : undefined}
      aria-describedby={ariaDescribedByIds(id)}
      onChange={(event) => onChange(event.target.value === '' ? (options.emptyValue as unknown) : event.target.value)}
      onBlur={(event) => onBlur(id, event.target.value)}
      className={cx(BOX, 'py-2', size(registry.formContext))}
    />
  )
}

function SelectWidget({
  id,
  value,
  required,
  disabled,
  onChange,
  onBlur,
  options,
  rawErrors,
  registry,
}: WidgetProps<Data, RJSFSchema>) {
  const chosen = enumOptionsIndexForValue(value, options.enumOptions, false)
  return (
    <select
      id={id}
      required={required}
      disabled={disabled}
      value={chosen ?? ''}
      aria-invalid={rawErrors && rawErrors.length > 0 ? true : undefined}
      aria-describedby={ariaDescribedByIds(id)}
      onChange={(event) =>
        onChange(enumOptionsValueForIndex(event.target.value, options.enumOptions, options.emptyValue))
      }
      onBlur={() => onBlur(id, value)}
      className={cx(BOX, size(registry.formContext))}
    >
      <option value="">{(registry.formContext as { choose?: string }).choose}</option>
      {options.enumOptions?.map((option, index) => (
        <option key={index} value={String(index)}>
          {option.label}
        </option>
      ))}
    </select>
  )
}

function RadioWidget({ id, value, disabled, onChange, options }: WidgetProps<Data, RJSFSchema>) {
  return (
    <div role="radiogroup" aria-labelledby={`${id}__title`} className="flex flex-col gap-1.5">
      {options.enumOptions?.map((option, index) => (
        <label key={index} className="flex min-h-9 items-center gap-2.5 rounded-lg border border-line px-3">
          <input
            type="radio"
            name={id}
            id={`${id}-${index}`}
            disabled={disabled}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
            className="size-4 accent-accent"
          />
          {option.label}
        </label>
      ))}
    </div>
  )
}

function CheckboxWidget({ id, value, label, disabled, onChange, schema }: WidgetProps<Data, RJSFSchema>) {
  return (
    <label htmlFor={id} className="flex min-h-9 items-center gap-2.5 text-sm">
      <input
        id={id}
        type="checkbox"
        disabled={disabled}
        checked={value === true}
        onChange={(event) => onChange(event.target.checked)}
        className="size-5 accent-accent"
      />
      <span>
        {label}
        {schema.description ? <span className="block text-xs text-faint">{schema.description}</span> : null}
      </span>
    </label>
  )
}

export const templates: Partial<TemplatesType<Data, RJSFSchema>> = {
  ArrayFieldItemTemplate,
  ArrayFieldTemplate,
  FieldTemplate,
  ObjectFieldTemplate,
  BaseInputTemplate,
}
export const fields: RegistryFieldsType<Data, RJSFSchema> = { SummaryField }
export const widgets: RegistryWidgetsType<Data, RJSFSchema> = {
  TextareaWidget,
  SelectWidget,
  CheckboxWidget,
  CheckboxesWidget,
  MoneyWidget,
  RatingWidget,
  RadioWidget,
  FileWidget,
}
