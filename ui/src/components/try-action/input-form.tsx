import { lazy, Suspense, useState } from 'react'
import { isObject, type JsonObject } from '@/model/json'
import { Button } from '@/ui/button'
import { Checkbox, Field, Textarea } from '@/ui/field'
import { Skeleton } from '@/ui/states'
import { strings as s } from './strings'

const SchemaForm = lazy(() => import('@/components/schema-form/schema-form'))

type FieldError = { pointer?: string | null; message: string }
type Props = {
  schema: unknown
  values: JsonObject
  errors: readonly FieldError[]
  busy: boolean
  onChange: (values: JsonObject) => void
  onSubmit: (values: JsonObject) => void
}

function parsed(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function AsJson({ values, busy, onChange, onSubmit }: Props) {
  const [text, setText] = useState(() => JSON.stringify(values, null, 2))
  const value = parsed(text)
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (value) onSubmit(value)
      }}
    >
      <Field label={s.input} error={value ? undefined : s.badInput}>
        {(props) => (
          <Textarea
            {...props}
            rows={Math.min(14, text.split('\n').length + 1)}
            spellCheck={false}
            className="font-mono !text-xs"
            value={text}
            onChange={(event) => {
              setText(event.target.value)
              const next = parsed(event.target.value)
              if (next) onChange(next)
            }}
          />
        )}
      </Field>
      <div>
        <Button type="submit" look="primary" busy={busy} disabled={!value}>
          {s.show}
        </Button>
      </div>
    </form>
  )
}

/** An action's input: fields from its schema, or JSON where the schema names none or somebody likes it better. */
export function InputForm(props: Props) {
  const { schema, values, errors, busy, onChange, onSubmit } = props
  const fields = isObject(schema) && isObject(schema.properties) && Object.keys(schema.properties).length > 0
  const [json, setJson] = useState(!fields)
  return (
    <div className="flex flex-col gap-3">
      {fields && <Checkbox label={s.json} checked={json} onChange={(event) => setJson(event.target.checked)} />}
      {json ? (
        <AsJson {...props} />
      ) : (
        <Suspense fallback={<Skeleton className="h-24" />}>
          <SchemaForm
            id="try"
            schema={schema}
            values={values}
            errors={errors}
            busy={busy}
            submitLabel={s.show}
            onChange={(next) => onChange(next as JsonObject)}
            onSubmit={(next) => onSubmit(next as JsonObject)}
          />
        </Suspense>
      )}
    </div>
  )
}
