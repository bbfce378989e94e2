import { ariaDescribedByIds, type RJSFSchema, type WidgetProps } from '@rjsf/utils'
import { useState } from 'react'
import { FILE_BYTES_MAX, fileNameOf, withFileName } from '@/model/file-value'
import { strings } from './strings'

type Data = Record<string, unknown>

/** The file as a data URL. */
function read(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(withFileName(typeof reader.result === 'string' ? reader.result : '', file.name))
    reader.onerror = () => reject(reader.error ?? new Error(file.name))
    reader.readAsDataURL(file)
  })
}

/** One file, such as a photo; what is chosen is the field's value. */
export function FileWidget({
  id,
  value,
  required,
  disabled,
  onChange,
  rawErrors,
  schema,
  options,
}: WidgetProps<Data, RJSFSchema>) {
  const [problem, setProblem] = useState<string | null>(null)
  const chosen = fileNameOf(value)
  const take = async (file: File | undefined) => {
    const large = file !== undefined && file.size > FILE_BYTES_MAX
    setProblem(large ? strings.fileLarge : null)
    if (file === undefined || large) return onChange(options.emptyValue as unknown)
    try {
      onChange(await read(file))
    } catch {
      setProblem(strings.fileUnread)
    }
  }
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <input
        id={id}
        type="file"
        accept={schema.contentMediaType}
        required={required && chosen === null}
        disabled={disabled}
        aria-invalid={problem !== null || (rawErrors && rawErrors.length > 0) ? true : undefined}
        aria-describedby={ariaDescribedByIds(id)}
        onChange={(event) => void take(event.target.files?.[0])}
        className="w-full min-w-0 text-sm"
      />
      {chosen !== null && <p className="truncate text-xs text-muted">{chosen}</p>}
      {problem && (
        <p role="alert" className="text-sm text-bad">
          {problem}
        </p>
      )}
    </div>
  )
}
