import { Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useActions } from '@/app/actions'
import { cx } from '@/ui/cx'
import { Input } from '@/ui/field'
import { useSettled } from '@/ui/use-settled'

/** A text box that tells what stands in it a moment after the last key; `/` leads to it. */
export function SearchBox({
  label,
  placeholder,
  group,
  value,
  onChange,
  className,
}: {
  label: string
  placeholder: string
  group: string
  value: string | undefined
  onChange: (text: string | undefined) => void
  className?: string
}) {
  const [text, setText] = useState(value ?? '')
  const box = useRef<HTMLInputElement>(null)
  useActions([{ id: `${group}.search`, label, group, shortcut: '/', run: () => box.current?.focus() }])
  const settled = useSettled(text)
  useEffect(() => {
    if (settled === text && text !== (value ?? '')) onChange(text || undefined)
  }, [settled, text, value, onChange])
  return (
    <div className={cx('relative w-full sm:w-56', className)}>
      <Search size={14} aria-hidden className="absolute top-2 left-2.5 text-faint" />
      <Input
        ref={box}
        type="search"
        aria-label={label}
        placeholder={placeholder}
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="!pl-8"
      />
    </div>
  )
}
