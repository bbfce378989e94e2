import { useState } from 'react'
import { isObject, type JsonObject } from '@/model/json'

type Part = 'vars' | 'steps'

const pretty = (value: unknown) => JSON.stringify(value, null, 2)

function readObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

/** The state a run goes on with, as text somebody may edit; what was not touched stays the plan's. */
export function useStateEdit() {
  const [edited, setEdited] = useState<Partial<Record<Part, string>>>({})
  const readPart = (part: Part) => {
    const text = edited[part]
    return text === undefined ? undefined : readObject(text)
  }
  return {
    /** Something typed is no JSON object. */
    broken: readPart('vars') === null || readPart('steps') === null,
    field: (part: Part, planned: unknown) => ({
      bad: readPart(part) === null,
      value: edited[part] ?? pretty(planned),
      onChange: (text: string) => setEdited({ ...edited, [part]: text }),
    }),
    /** The whole state, when any of it was edited. */
    apply: (planned: Record<Part, Record<string, unknown>>) => {
      if (edited.vars === undefined && edited.steps === undefined) return undefined
      return { vars: readPart('vars') ?? planned.vars, steps: readPart('steps') ?? planned.steps }
    },
    forget: () => setEdited({}),
  }
}
