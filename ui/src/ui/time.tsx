import { useEffect } from 'react'
import { ago, timeLeft } from '@/model/duration'
import { createStore, useStore } from './store'

const clock = createStore(Date.now())
let followers = 0
let ticking: ReturnType<typeof setInterval> | undefined

/** The present time, refreshed every ten seconds by one shared timer. */
export function useNow(): number {
  useEffect(() => {
    followers += 1
    // Nobody looked for a while: the clock stood still.
    if (ticking === undefined) clock.set(Date.now())
    ticking ??= setInterval(() => clock.set(Date.now()), 10_000)
    return () => {
      followers -= 1
      if (followers === 0) {
        clearInterval(ticking)
        ticking = undefined
      }
    }
  }, [])
  return useStore(clock)
}

/** How long ago; the exact time on hover. */
export function Ago({ at, className }: { at: number; className?: string }) {
  const now = useNow()
  return (
    <time dateTime={new Date(at).toISOString()} title={new Date(at).toLocaleString()} className={className}>
      {ago(at, now)}
    </time>
  )
}

/** Exact local date and time. */
export function At({ at }: { at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()}>
      {new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })}
    </time>
  )
}

/** Local date and time to the minute; the time zone and seconds on hover. */
export function Day({ at }: { at: number }) {
  const date = new Date(at)
  return (
    <time dateTime={date.toISOString()} title={date.toString()}>
      {date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })}
    </time>
  )
}

/** What a field for date and time shows for a moment, in local time. */
export function localInput(at: number): string {
  const date = new Date(at)
  return new Date(at - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** Time left, or `over` when it has passed. */
export function Left({ due, over }: { due: number; over: string }) {
  const now = useNow()
  return (
    <time dateTime={new Date(due).toISOString()} title={new Date(due).toLocaleString()}>
      {timeLeft(due, now) ?? over}
    </time>
  )
}
