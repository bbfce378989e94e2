import { ArrowLeft } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { filled } from '@/model/form-schema'
import { formPage, formPages, parted } from '@/model/form-pages'
import { askedForm, askedValues, fieldOrder } from '@/model/form-when'
import { Button } from '@/ui/button'
import SchemaForm, { type SchemaFormProps } from './schema-form'
import { strings as s } from './strings'
import { partsOf, problems, type Problem } from './validator'

type Props = SchemaFormProps & {
  submitLabel: string
  /** Begins at the first page that is not whole. */ resumes?: boolean
}

/** A form a customer fills in: page by page where its schema says so. A page is left for the next once it fits. */
export default function PagedForm(props: Props) {
  const paged = useMemo(() => formPages(props.schema).length > 0, [props.schema])
  // Fields are asked for by earlier ones, so no page before the one that is shown comes or goes.
  return paged ? (
    <Pages {...props} whole={props.schema} schema={askedForm(props.schema, props.values)} />
  ) : (
    <SchemaForm {...props} />
  )
}

const NONE: readonly Problem[] = []
const fieldOf = (error: Problem) => partsOf(error)[0] ?? ''
const first = (found: number, pages: readonly unknown[]) => (found < 0 ? pages.length - 1 : found)

/** `schema` has what is asked for by the values, of the `whole`. */
function Pages({ resumes, whole, ...props }: Props & { whole: unknown }) {
  const { id, schema, values, errors = NONE, busy, submitLabel, onChange, onSubmit } = props
  const pages = useMemo(() => {
    const asked = formPages(schema)
    return asked.length > 0 ? asked : [fieldOrder(schema)]
  }, [schema])
  const [at, setAt] = useState(() => {
    if (!resumes) return 0
    const wrong = pages.findIndex((page) => problems(formPage(schema, page), parted(values, page)[0]).length > 0)
    return first(wrong, pages)
  })
  const heading = useRef<HTMLParagraphElement>(null)
  const before = useRef(at)
  const page = pages[at] ?? []
  const part = useMemo(() => formPage(schema, pages[at] ?? []), [schema, pages, at])
  const [here, elsewhere] = parted(values, page)
  useEffect(() => {
    if (before.current !== at) heading.current?.focus()
    before.current = at
  }, [at])
  // What the server found wrong is shown where it is.
  const places = errors.map(fieldOf)
  const wrong = busy ? '' : places.join(' ')
  const [seen, setSeen] = useState(wrong)
  if (seen !== wrong) {
    setSeen(wrong)
    const found = pages.findIndex((names) => names.some((name) => places.includes(name)))
    if (wrong !== '' && found >= 0) setAt(found)
  }
  // The pages fit one by one; what the form asks for as a whole is asked at the end.
  const [tried, setTried] = useState(false)
  const wholly = useMemo(() => (tried ? problems(schema, values) : errors), [tried, schema, values, errors])
  const shown = useMemo(() => {
    const others = pages.filter((_, index) => index !== at).flat()
    return wholly.filter((error) => !others.includes(fieldOf(error)))
  }, [wholly, pages, at])
  const finish = (given: Record<string, unknown>) => {
    const all = filled(schema, askedValues(whole, given)) as Record<string, unknown>
    const unfit = problems(schema, all).map(fieldOf)
    setTried(unfit.length > 0)
    if (unfit.length === 0) return onSubmit?.(all)
    const found = pages.findIndex((names) => names.some((name) => unfit.includes(name)))
    if (found >= 0) setAt(found)
  }
  const last = at === pages.length - 1
  return (
    <>
      <p ref={heading} tabIndex={-1} className="mb-2 text-sm text-muted outline-none">
        {pages.length > 1 && s.page(at + 1, pages.length)}
      </p>
      <SchemaForm
        {...props}
        key={at}
        id={`${id}-${at}`}
        schema={part}
        values={here}
        errors={shown}
        submitLabel={last ? submitLabel : s.next}
        onChange={(next) => onChange({ ...elsewhere, ...next })}
        onSubmit={(given) => {
          if (last) finish({ ...elsewhere, ...given })
          else setAt(at + 1)
        }}
      />
      {at > 0 && (
        <Button
          look="quiet"
          icon={<ArrowLeft size={15} />}
          disabled={busy}
          className="mt-2 min-h-11 w-full"
          onClick={() => setAt(at - 1)}
        >
          {s.back}
        </Button>
      )}
    </>
  )
}
