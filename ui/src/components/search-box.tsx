import { Search } from 'lucide-react'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { useActions } from '@/app/actions'
import { cx } from '@/ui/cx'
import { Input } from '@/ui/field'
import { later } from '@/ui/later'
import { PAUSE_MS } from '@/ui/use-settled'

/** The text in the box: what is typed, and `value` when it became another than was told. */
function useText(value: string, tell: (text: string) => void) {
  const [text, setText] = useState(value)
  const [told, setTold] = useState(value)
  const [seen, setSeen] = useState(value)
  if (value !== seen) {
    setSeen(value)
    if (value !== told) {
      setTold(value)
      setText(value)
    }
  }
  const say = useEffectEvent(() => {
    if (text === told) return
    setTold(text)
    tell(text)
  })
  useEffect(() => later(() => say(), PAUSE_MS), [text])
  return [text, setText] as const
}

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
  const [text, setText] = useText(value ?? '', (next) => onChange(next || undefined))
  const box = useRef<HTMLInputElement>(null)
  useActions([{ id: `${group}.search`, label, group, shortcut: '/', run: () => box.current?.focus() }])
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
