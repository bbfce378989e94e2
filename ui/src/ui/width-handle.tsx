import { useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'

type Bounds = { min: number; max: number }
const KEY_STEP_PX = 24

/** A width that this browser remembers; nothing until somebody has set one. */
export function useWidth(key: string): [number | undefined, (width: number | undefined) => void] {
  const name = `countersign.width.${key}`
  const [width, setWidth] = useState(() => Number(localStorage.getItem(name)) || undefined)
  return [
    width,
    (next) => {
      if (next === undefined) localStorage.removeItem(name)
      else localStorage.setItem(name, String(next))
      setWidth(next)
    },
  ]
}

/** The left edge of a pane, which is dragged or moved with the arrow keys; a double click takes the width back. */
export function WidthHandle({
  label,
  width,
  bounds: { min, max },
  onChange,
}: {
  label: string
  width: number
  bounds: Bounds
  onChange: (width: number | undefined) => void
}) {
  // What was asked for last: keys may come faster than the pane is drawn.
  const last = useRef<number>(undefined)
  const set = (next: number | undefined) => {
    last.current = next
    onChange(next)
  }
  const to = (next: number) => set(Math.round(Math.min(Math.max(next, min), Math.max(max, min))))
  // Where the pane would end if it began at the pointer: it does not jump to where the edge was taken.
  const end = useRef(0)
  const take = (event: PointerEvent<HTMLDivElement>) => {
    const pane = event.currentTarget.parentElement?.getBoundingClientRect()
    end.current = event.clientX + (pane?.width ?? width)
    event.currentTarget.setPointerCapture(event.pointerId)
  }
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) to(end.current - event.clientX)
  }
  const key = (event: KeyboardEvent<HTMLDivElement>) => {
    const now = last.current ?? event.currentTarget.parentElement?.getBoundingClientRect().width ?? width
    const moves: Record<string, () => void> = {
      ArrowLeft: () => to(now + KEY_STEP_PX),
      ArrowRight: () => to(now - KEY_STEP_PX),
      Home: () => to(max),
      End: () => to(min),
      Enter: () => set(undefined),
    }
    const move = moves[event.key]
    if (!move) return
    // On the canvas the same keys are commands.
    event.stopPropagation()
    event.preventDefault()
    move()
  }
  return (
    <div
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={width}
      aria-valuemin={min}
      aria-valuemax={max}
      onPointerDown={take}
      onPointerMove={drag}
      onDoubleClick={() => set(undefined)}
      onKeyDown={key}
      className="absolute inset-y-0 -left-1 z-10 hidden w-2 cursor-col-resize touch-none hover:bg-accent/20 md:block"
    />
  )
}
