import { lazy, Suspense, useState } from 'react'
import { isObject, type JsonObject } from '@/model/json'
import { Button } from '@/ui/button'
import { Field, Textarea } from '@/ui/field'
import { Skeleton } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { strings as s } from './strings'

const SchemaForm = lazy(() => import('@/components/schema-form/schema-form'))

/** How it is filled in. */
const WAYS = [
  { id: 'fields' as const, label: s.fields },
  { id: 'json' as const, label: s.json },
]

type FieldError = { pointer?: string | null; message: string }
type Props = {
  schema: unknown
  values: JsonObject
  errors: readonly FieldError[]
  busy: boolean
  /** Words of the button. */
  submit?: string
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

function AsJson({ values, busy, submit = s.show, onChange, onSubmit }: Props) {
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
      <Field label={s.inputJson} error={value ? undefined : s.badInput}>
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
          {submit}
        </Button>
      </div>
    </form>
  )
}

/** An input: fields from its schema, or JSON where the schema names none or somebody likes it better. */
export function InputForm(props: Props) {
  const { schema, values, errors, busy, submit = s.show, onChange, onSubmit } = props
  const fields = isObject(schema) && isObject(schema.properties) && Object.keys(schema.properties).length > 0
  const [way, setWay] = useState<'fields' | 'json'>('fields')
  return (
    <div className="flex flex-col gap-3">
      {fields && <Tabs label={s.input} tabs={WAYS} value={way} onChange={setWay} />}
      {!fields || way === 'json' ? (
        <AsJson {...props} />
      ) : (
        <Suspense fallback={<Skeleton className="h-24" />}>
          <SchemaForm
            id="try"
            schema={schema}
            values={values}
            errors={errors}
            busy={busy}
            submitLabel={submit}
            onChange={(next) => onChange(next as JsonObject)}
            onSubmit={(next) => onSubmit(next as JsonObject)}
          />
        </Suspense>
      )}
    </div>
  )
}
