import { createContext, useContext } from 'react'

/** Whether the item was opened by a person: what opened by itself is decided by its buttons, never by a stray key. */
export const OpenedByPerson = createContext(true)

/** The key of an act, where keys act. */
export function useKeyOf(): (key: string) => string | undefined {
  const byPerson = useContext(OpenedByPerson)
  return (key) => (byPerson ? key : undefined)
}
