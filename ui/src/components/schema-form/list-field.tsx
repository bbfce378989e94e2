import type { ArrayFieldItemTemplateProps, ArrayFieldTemplateProps, RJSFSchema } from '@rjsf/utils'
import { Plus, X } from 'lucide-react'
import { cx } from '@/ui/cx'
import { strings as s } from './strings'

type Data = Record<string, unknown>
const large = (context: unknown) => (context as { large?: boolean } | undefined)?.large

/** A list: its items, each with a way to take it out, and a way to add one. */
export function ArrayFieldTemplate(props: ArrayFieldTemplateProps<Data, RJSFSchema>) {
  const { title, items, canAdd, onAddClick, disabled, readonly, required, schema, registry } = props
  const optional = (registry.formContext as { optional?: string }).optional
  return (
    <fieldset className="flex min-w-0 flex-col gap-2">
      <legend className="mb-1 text-sm font-medium">
        {title} {!required && optional && <span className="font-normal text-faint">({optional})</span>}
      </legend>
      {schema.description && <p className="text-xs text-faint">{schema.description}</p>}
      {items}
      {canAdd && (
        <button
          type="button"
          disabled={disabled || readonly}
          onClick={(event) => onAddClick(event)}
          className={cx(
            'flex items-center gap-1.5 self-start rounded-lg border border-line-strong px-3 hover:bg-hover',
            'disabled:opacity-60',
            large(registry.formContext) ? 'min-h-11 text-base' : 'min-h-8 text-sm',
          )}
        >
          <Plus size={15} aria-hidden /> {s.addTo(title)}
        </button>
      )}
    </fieldset>
  )
}

export function ArrayFieldItemTemplate(props: ArrayFieldItemTemplateProps<Data, RJSFSchema>) {
  const { children, buttonsProps, hasToolbar, index, disabled, readonly, registry } = props
  return (
    <div className="flex items-start gap-2 rounded-lg border border-line p-2">
      <div className="min-w-0 flex-1">{children}</div>
      {hasToolbar && buttonsProps.hasRemove && (
        <button
          type="button"
          aria-label={s.removeItem(index + 1)}
          title={s.removeItem(index + 1)}
          disabled={disabled || readonly}
          onClick={(event) => buttonsProps.onRemoveItem(event)}
          className={cx(
            'flex shrink-0 items-center justify-center rounded-lg text-muted hover:bg-hover disabled:opacity-60',
            large(registry.formContext) ? 'size-11' : 'size-8',
          )}
        >
          <X size={16} aria-hidden />
        </button>
      )}
    </div>
  )
}
