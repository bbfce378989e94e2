import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Act, Opening, Rehearsal, Script } from '@/api/types'
import type { WorkflowDocument } from '@/model/document'
import { extended, undone } from '@/model/rehearsal'
import { useSettled } from '@/ui/use-settled'
import { reads } from './api'

function remembered(key: string): Script | null {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? 'null') as Script | null
  } catch {
    return null
  }
}

export type Play = {
  script: Script | null
  rehearsal: Rehearsal | undefined
  error: Error | null
  busy: boolean
  /** The act that did not fit: the one tried last, or one the draft no longer takes. */
  refused: Rehearsal['refused']
  begin: (opening: Opening) => void
  act: (act: Act) => void
  undo: () => void
  restart: () => void
  load: (script: Script) => void
  /** Drops the acts the draft no longer takes. */
  cut: () => void
}

/** One rehearsal: a script in this tab, played anew by the server after every change of script or draft. */
export function useRehearsal(id: string, document: WorkflowDocument): Play {
  const key = `countersign.rehearsal.${id}`
  const [asked, setAsked] = useState<Script | null>(() => remembered(key))
  useEffect(() => {
    if (asked) sessionStorage.setItem(key, JSON.stringify(asked))
    else sessionStorage.removeItem(key)
  }, [key, asked])
  const settled = useSettled(document)
  const query = useQuery({
    ...reads.rehearsal(id, settled, asked ?? {}),
    enabled: asked !== null,
    placeholderData: keepPreviousData,
  })
  const refused = asked !== null && query.isSuccess && !query.isPlaceholderData ? query.data.refused : null
  // The act tried last is in the script only when the server could play it.
  const tried = refused?.act != null && refused.act === (asked?.acts?.length ?? 0) - 1
  const script = tried ? undone<Act, Script>(asked) : asked
  return {
    script,
    rehearsal: asked ? query.data : undefined,
    error: asked ? query.error : null,
    busy: asked !== null && query.isFetching,
    refused,
    begin: (opening) => setAsked({ opening: { ...opening, at: Date.now() }, acts: [] }),
    act: (act) => setAsked(extended<Act, Script>(script ?? {}, act)),
    undo: () => setAsked(undone<Act, Script>(asked)),
    restart: () => setAsked(null),
    load: setAsked,
    cut: () => asked && query.data && setAsked({ ...asked, acts: (asked.acts ?? []).slice(0, query.data.played) }),
  }
}
