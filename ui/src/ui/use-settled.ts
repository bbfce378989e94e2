import { useEffect, useState } from 'react'
import { later } from './later'

/** How long nothing may change before it counts as settled: what is typed is asked for once the typing pauses. */
export const PAUSE_MS = 250

/** The value once it did not change for a moment. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => later(() => setSettled(value), PAUSE_MS), [value])
  return settled
}
