import { useCallback, useEffect, useRef, useState } from 'react'
import type { MessageForm } from '@/api/types'
import { filled, withoutSecrets } from '@/model/form-schema'
import { writes } from './api'
import { loadFormDraft, saveFormDraft, type Visitor } from './visitor'

type Data = Record<string, unknown>

/** How long somebody has stopped typing before what they typed is kept. */
const PAUSE_MS = 600

function begin(form: MessageForm): Data {
  const local = loadFormDraft(form.checkpoint)
  if (local?.unsent) return local.values
  const known = form.draft ?? (filled(form.schema, form.prefill ?? {}) as Data)
  return { ...known, ...local?.values }
}

/**
 * What is filled in of a form and not sent: at the server, so that any channel offers it, and here until it is there.
 * Secrets are kept nowhere, files only here.
 */
export function useFormDraft(form: MessageForm, visitor: Visitor) {
  const { checkpoint, schema } = form
  const [values, setValues] = useState(() => begin(form))
  const unsent = useRef<Data | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)

  const keep = useCallback(() => {
    clearTimeout(timer.current)
    const wanted = unsent.current
    if (wanted === null) return
    writes.keepFormDraft(visitor.conversation, checkpoint, { values: wanted }, visitor.token).then(
      ({ values: kept }) => {
        // Typed on since: that is kept by its own turn.
        if (unsent.current !== wanted) return
        unsent.current = null
        const here = Object.entries(wanted).filter(([name]) => !(name in kept))
        saveFormDraft(checkpoint, here.length > 0 ? { unsent: false, values: Object.fromEntries(here) } : null)
      },
      // It is still here, and the next change tries again.
      () => undefined,
    )
  }, [visitor, checkpoint])

  useEffect(() => {
    window.addEventListener('pagehide', keep)
    return () => {
      window.removeEventListener('pagehide', keep)
      keep()
    }
  }, [keep])

  const change = (next: Data) => {
    setValues(next)
    const wanted = withoutSecrets(schema, next) as Data
    unsent.current = wanted
    saveFormDraft(checkpoint, { unsent: true, values: wanted })
    clearTimeout(timer.current)
    timer.current = setTimeout(keep, PAUSE_MS)
  }
  const forget = () => {
    clearTimeout(timer.current)
    unsent.current = null
    saveFormDraft(checkpoint, null)
  }
  return { values, change, forget }
}
