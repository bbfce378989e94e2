import { useEffect, useState } from 'react'
import type { MessageForm } from '@/api/types'
import { draftOf, filesOf, withFiles } from '@/model/form-draft'
import { filled } from '@/model/form-schema'
import { jsonEqual } from '@/model/json'
import { writes } from './api'
import { draftKeeper } from './draft-keeper'
import { loadFormDraft, saveFormDraft, type Visitor } from './visitor'

type Data = Record<string, unknown>

/** What the server has is newer than what is here, unless the latter goes on from just that. */
function begin(form: MessageForm) {
  const local = loadFormDraft(form.checkpoint)
  const there = form.draft ?? null
  const unsent = local?.unsent?.after.some((one) => jsonEqual(one, there)) ? local.unsent.values : null
  const files = local?.files ?? {}
  const known = unsent ?? there ?? (filled(form.schema, form.prefill ?? {}) as Data)
  return { there, files, unsent, values: withFiles(known, files) }
}

/**
 * What is filled in of a form and not sent: at the server, so that any channel offers it, and here until it is there.
 * Secrets are kept nowhere, files only here.
 */
export function useFormDraft(form: MessageForm, visitor: Visitor) {
  const { checkpoint, schema } = form
  const [begun] = useState(() => begin(form))
  const [values, setValues] = useState(begun.values)
  const [keeper] = useState(() =>
    draftKeeper(begun, {
      tell: async (draft, last) => {
        const body = { values: draft }
        return (await writes.keepFormDraft(visitor.conversation, checkpoint, body, visitor.token, last)).values
      },
      save: (draft) => saveFormDraft(checkpoint, draft),
    }),
  )
  const open = form.status === 'open'
  useEffect(() => {
    if (!open) return keeper.forget()
    // What was not sent before the page went.
    keeper.keep(false)
    const leave = () => keeper.keep(true)
    window.addEventListener('pagehide', leave)
    return () => {
      window.removeEventListener('pagehide', leave)
      keeper.keep(false)
    }
  }, [keeper, open])

  const change = (next: Data) => {
    setValues(next)
    keeper.change(draftOf(schema, next), filesOf(schema, next))
  }
  return { values, change, forget: () => keeper.forget() }
}
