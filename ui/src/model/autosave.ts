/** Where the draft stands between this page and the server. */
export type SaveState<D> =
  | { kind: 'saved'; revision: number }
  | { kind: 'changed'; revision: number }
  | { kind: 'saving'; revision: number }
  | { kind: 'failed'; revision: number; message: string }
  | { kind: 'conflict'; revision: number; theirs: { document: D; revision: number } }

export type SaveAnswer<D> = { ok: true; revision: number } | { ok: false; conflict: { document: D; revision: number } } | { ok: false; message: string }

type Parts<D> = {
  revision: number
  save: (document: D, revision: number) => Promise<SaveAnswer<D>>
  onState: (state: SaveState<D>) => void
  /** Runs `work` after the pause of the queue and returns how to call it off. */
  later: (work: () => void) => () => void
}

/** Saves drafts one at a time: what changes meanwhile goes out next, only the newest of it, on the revision just made. */
export class Autosave<D> {
  private state: SaveState<D>
  private waiting: D | undefined
  private cancel: (() => void) | undefined

  constructor(private readonly parts: Parts<D>) {
    this.state = { kind: 'saved', revision: parts.revision }
  }

  /** Notes a newer document; it is saved after a pause. */
  push(document: D): void {
    this.waiting = document
    if (this.state.kind === 'conflict' || this.state.kind === 'saving') return
    this.enter({ kind: 'changed', revision: this.state.revision })
    this.cancel?.()
    this.cancel = this.parts.later(() => void this.flush())
  }

  /** Saves now what is not saved yet. */
  async flush(): Promise<void> {
    this.cancel?.()
    this.cancel = undefined
    while (this.waiting !== undefined && this.state.kind !== 'saving' && this.state.kind !== 'conflict') {
      const document = this.waiting
      this.waiting = undefined
      const { revision } = this.state
      this.enter({ kind: 'saving', revision })
      const answer = await this.parts.save(document, revision)
      if (answer.ok) {
        this.enter({ kind: 'saved', revision: answer.revision })
        continue
      }
      this.waiting ??= document
      if ('conflict' in answer) {
        this.enter({ kind: 'conflict', revision, theirs: answer.conflict })
        return
      }
      this.enter({ kind: 'failed', revision, message: answer.message })
      return
    }
  }

  /** After a conflict: saves `document` over the revision that was in the way. */
  async settle(document: D): Promise<void> {
    if (this.state.kind !== 'conflict') return
    this.waiting = document
    this.state = { kind: 'changed', revision: this.state.theirs.revision }
    await this.flush()
  }

  /** Whether leaving the page would lose something. */
  get unsaved(): boolean {
    return this.waiting !== undefined || this.state.kind === 'saving'
  }

  get revision(): number {
    return this.state.revision
  }

  dispose(): void {
    this.cancel?.()
  }

  private enter(state: SaveState<D>): void {
    this.state = state
    this.parts.onState(state)
  }
}
