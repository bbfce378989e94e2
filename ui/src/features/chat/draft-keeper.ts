import { jsonEqual } from '@/model/json'
import type { FormDraft } from './visitor'

type Data = Record<string, unknown>

/** How long somebody has stopped typing before what they typed is kept. */
export const PAUSE_MS = 600

/** What a form begins with: the draft the server has, and what is here besides. */
export type Begun = { there: Data | null; files: Data; unsent: Data | null }

export type Doors = {
  /** Tells the server, and answers what it keeps; `last` when the page goes. */
  tell: (values: Data, last: boolean) => Promise<Data>
  save: (draft: FormDraft | null) => void
}

/** Tells the server what is filled in, once somebody pauses: one telling after the other, then the newest. */
export function draftKeeper({ there, files, unsent }: Begun, { tell, save }: Doors) {
  let timer: ReturnType<typeof setTimeout> | undefined
  let busy = false
  /** What went to the server and was not answered. */
  let told: Data | null = null

  const remember = () => {
    const after = told === null ? [there] : [there, told]
    save({ files, unsent: unsent === null ? null : { values: unsent, after } })
  }
  const answered = (kept: Data, wanted: Data) => {
    there = kept
    told = null
    // Forgotten meanwhile.
    if (unsent === null) return
    if (unsent === wanted) unsent = null
    remember()
  }
  const keep = (last: boolean) => {
    clearTimeout(timer)
    if (unsent === null || (busy && !last)) return
    const wanted = unsent
    busy = true
    told = wanted
    remember()
    void tell(wanted, last)
      // Where it failed it is still here, and the next change tries again.
      .then(
        (kept) => answered(kept, wanted),
        () => undefined,
      )
      .finally(() => {
        busy = false
        if (unsent !== wanted) keep(false)
      })
  }
  return {
    keep,
    change(values: Data, of: Data) {
      files = of
      // A file alone is nothing to tell.
      const same = told === null && jsonEqual(values, there)
      unsent = same ? null : values
      remember()
      clearTimeout(timer)
      if (!same) timer = setTimeout(() => keep(false), PAUSE_MS)
    },
    forget() {
      clearTimeout(timer)
      unsent = null
      save(null)
    },
  }
}
