import { X } from 'lucide-react'
import { FileDrop } from '@/components/file-drop'
import { IconButton } from '@/ui/button'
import { Field, Input, Textarea } from '@/ui/field'
import { strings } from './strings'

const s = strings.add
/** As much as the server takes. */
const BYTES_MAX = 64 * 1024 * 1024

/** Where the document comes from: a file goes before what is pasted, and that before an address. */
export type Source = { text: string; file?: File; url?: string }

const tooLarge = (bytes: number) => bytes > BYTES_MAX

export const fromAddress = (source: Source) => !source.file && source.text.trim() === ''

/** Whether there is nothing that could be sent. */
export function isNothing(source: Source): boolean {
  if (source.file) return tooLarge(source.file.size)
  return fromAddress(source) ? !source.url?.trim() : tooLarge(source.text.length)
}

function Chosen({ file, onDrop }: { file: File; onDrop: () => void }) {
  return (
    <div className="flex min-w-0 flex-1 flex-col">
      <span className="flex items-center gap-1">
        <span className="min-w-0 truncate font-mono text-sm">{file.name}</span>
        <span className="shrink-0 text-xs text-faint">{s.size(file.size)}</span>
        <IconButton label={s.dropFile(file.name)} className="!size-7" onClick={onDrop}>
          <X size={14} />
        </IconButton>
      </span>
      {tooLarge(file.size) && (
        <span role="alert" className="text-xs text-bad">
          {s.tooLarge}
        </span>
      )}
    </div>
  )
}

/** A file, chosen or dropped, a text pasted in its place, or the address the server reads it from. */
export function SourceFields({ source, onChange }: { source: Source; onChange: (source: Source) => void }) {
  return (
    <>
      <FileDrop label={s.file} choose={s.choose} onFile={(file) => onChange({ ...source, file })}>
        {source.file ? (
          <Chosen file={source.file} onDrop={() => onChange({ ...source, file: undefined })} />
        ) : (
          <p className="min-w-0 flex-1 text-sm text-muted">{s.fileText}</p>
        )}
      </FileDrop>
      {!source.file && (
        <Field label={s.pasted} error={tooLarge(source.text.length) ? s.tooLarge : undefined}>
          {(props) => (
            <Textarea
              {...props}
              rows={10}
              spellCheck={false}
              className="font-mono !text-xs"
              placeholder={s.placeholder}
              value={source.text}
              onChange={(event) => onChange({ ...source, text: event.target.value })}
            />
          )}
        </Field>
      )}
      {fromAddress(source) && (
        <Field label={s.url} hint={s.urlHint}>
          {(props) => (
            <Input
              {...props}
              type="url"
              placeholder={s.urlPlaceholder}
              className="font-mono !text-xs"
              value={source.url ?? ''}
              onChange={(event) => onChange({ ...source, url: event.target.value })}
            />
          )}
        </Field>
      )}
    </>
  )
}
