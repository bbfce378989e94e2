import { FileUp } from 'lucide-react'
import { type ReactNode, useRef, useState } from 'react'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'

/** Takes one file of a document, chosen with the button or dropped anywhere on it. */
export function FileDrop(props: {
  label: string
  choose: string
  onFile: (file: File) => void
  busy?: boolean
  disabled?: boolean
  /** Beside the button: what is asked for, or what was chosen. */
  children: ReactNode
  /** Below both. */
  more?: ReactNode
}) {
  const picker = useRef<HTMLInputElement>(null)
  const [over, setOver] = useState(false)
  const take = (file: File | undefined) => file && !props.disabled && props.onFile(file)
  return (
    <section
      aria-label={props.label}
      className={cx(
        'flex flex-col gap-3 rounded-lg border border-dashed p-4',
        over ? 'border-accent bg-accent-soft' : 'border-line-strong',
      )}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        take(event.dataTransfer.files[0])
      }}
    >
      <div className="flex flex-wrap items-center gap-3">
        <FileUp size={18} className="text-faint" aria-hidden />
        {props.children}
        <Button disabled={props.disabled} busy={props.busy} onClick={() => picker.current?.click()}>
          {props.choose}
        </Button>
        <input
          ref={picker}
          type="file"
          accept=".yaml,.yml,.json"
          hidden
          aria-label={props.label}
          onChange={(event) => {
            take(event.target.files?.[0])
            event.target.value = ''
          }}
        />
      </div>
      {props.more}
    </section>
  )
}
