import {
  useId,
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
} from 'react'
import { cx } from './cx'

const BOX =
  'w-full rounded-md border border-line-strong bg-bg px-2.5 text-sm text-text outline-offset-0 hover:border-faint ' +
  'disabled:opacity-60 aria-invalid:border-bad'

/** A single-line text box. */
export function Input({ className, ...rest }: InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> }) {
  return <input {...rest} className={cx(BOX, 'h-8', className)} />
}

/** A many-line text box. */
export function Textarea({
  className,
  ...rest
}: TextareaHTMLAttributes<HTMLTextAreaElement> & { ref?: Ref<HTMLTextAreaElement> }) {
  return <textarea rows={3} {...rest} className={cx(BOX, 'resize-y py-1.5', className)} />
}

/** A native select: works with every keyboard, screen reader and phone. */
export function Select({ className, children, ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <select {...rest} className={cx(BOX, 'h-8 pr-7', className)}>
      {children}
    </select>
  )
}

type FieldProps = {
  label: ReactNode
  hint?: ReactNode
  error?: ReactNode
  className?: string
  children: (props: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: boolean }) => ReactNode
}

/** Label, control, hint and error, tied together for assistive technology. */
export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId()
  const note = error ?? hint
  return (
    <div className={cx('flex flex-col gap-1', className)}>
      {/* A text box of our own is no native control: the label leads to it by hand. */}
      <label
        id={`${id}-label`}
        htmlFor={id}
        className="text-xs font-medium text-muted"
        onClick={() => document.getElementById(id)?.focus()}
      >
        {label}
      </label>
      {children({ id, 'aria-describedby': note ? `${id}-note` : undefined, 'aria-invalid': error ? true : undefined })}
      {note && (
        <p
          id={`${id}-note`}
          className={cx('text-xs', error ? 'text-bad' : 'text-faint')}
          role={error ? 'alert' : undefined}
        >
          {note}
        </p>
      )}
    </div>
  )
}

/** A labelled tick box. */
export function Checkbox({
  label,
  hint,
  ...rest
}: InputHTMLAttributes<HTMLInputElement> & { label: ReactNode; hint?: ReactNode }) {
  const described = useId()
  const box = (
    <label className="flex items-center gap-2 text-sm">
      <input
        type="checkbox"
        aria-describedby={hint ? described : undefined}
        {...rest}
        className="size-4 accent-accent"
      />
      {label}
    </label>
  )
  if (!hint) return box
  return (
    <div className="flex flex-col gap-1">
      {box}
      <p id={described} className="text-xs text-faint">
        {hint}
      </p>
    </div>
  )
}
