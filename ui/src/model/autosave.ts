/** Where the draft stands between this page and the server. */
export type SaveState<D> =
  | { kind: 'saved'; revision: number }
  | { kind: 'changed'; revision: number }
  | { kind: 'saving'; revision: number }
  | { kind: 'failed'; revision: number; message: string }
  | { kind: 'conflict'; revision: number; theirs: { document: D; revision: number } }

/** `final`: asking again would be answered alike, so nobody does until the document changes or a person asks. */
export type SaveAnswer<D> =
  | { ok: true; revision: number }
  | { ok: false; conflict: { document: D; revision: number } }
  | { ok: false; message: string; final?: boolean }

const PAUSE_MS = 700
const RETRY_FIRST_MS = 2_000
const RETRY_MAX_MS = 60_000

/** How long to wait after so many failures in a row, from 1. */
export function retryPause(failures: number): number {
  return Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (failures - 1))
}

type Parts<D> = {
  revision: number
  save: (document: D, revision: number) => Promise<SaveAnswer<D>>
  onState: (state: SaveState<D>) => void
  /** Runs `work` after a pause and returns how to call it off. */
  later: (work: () => void, pauseMs: number) => () => void
  /** Whether two documents say the same. */
  same: (a: D, b: D) => boolean
}

/**
 * Saves drafts one at a time: what changes meanwhile goes out next, only the newest of it, on the revision just made.
 * What failed is tried again with growing pauses; a conflict waits for a person.
 */
export class Autosave<D> {
  private state: SaveState<D>
  private waiting: D | undefined
  private cancel: (() => void) | undefined
  private failures = 0
  /** The saving under way, until nothing is left to save or it stopped. */
  private running: Promise<void> | undefined
  /** Sent last, and whether it arrived was not answered. */
  private sent: D | undefined

  constructor(private readonly parts: Parts<D>) {
    this.state = { kind: 'saved', revision: parts.revision }
  }

  /** Notes a newer document; it is saved after a pause. */
  push(document: D): void {
    this.waiting = document
    if (this.state.kind === 'conflict' || this.state.kind === 'saving') return
    this.enter({ kind: 'changed', revision: this.state.revision })
    this.flushAfter(PAUSE_MS)
  }

  /** Saves now what is not saved yet; it is done when that was tried, also what was under way already. */
  flush(): Promise<void> {
    this.cancel?.()
    this.cancel = undefined
    if (this.running) return this.running
    const work = this.saveAll().finally(() => (this.running = undefined))
    this.running = this.state.kind === 'saving' ? work : undefined
    return work
  }

  private async saveAll(): Promise<void> {
    while (this.waiting !== undefined && this.state.kind !== 'saving' && this.state.kind !== 'conflict') {
      const document = this.waiting
      this.waiting = undefined
      const { revision } = this.state
      this.enter({ kind: 'saving', revision })
      const answer = await this.parts.save(document, revision)
      if (answer.ok) {
        this.failures = 0
        this.sent = undefined
        this.enter({ kind: 'saved', revision: answer.revision })
        continue
      }
      this.waiting ??= document
      if ('conflict' in answer) {
        // Nobody else's change: an earlier try arrived, its answer did not.
        if (this.sent !== undefined && this.parts.same(answer.conflict.document, this.sent)) {
          this.sent = undefined
          this.state = { kind: 'changed', revision: answer.conflict.revision }
          continue
        }
        this.enter({ kind: 'conflict', revision, theirs: answer.conflict })
        return
      }
      this.failures += 1
      this.enter({ kind: 'failed', revision, message: answer.message })
      if (answer.final) return
      this.sent = document
      this.flushAfter(retryPause(this.failures))
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

  /** Gives up what is not saved. */
  dispose(): void {
    this.cancel?.()
    this.waiting = undefined
  }

  private flushAfter(pauseMs: number): void {
    this.cancel?.()
    this.cancel = this.parts.later(() => void this.flush(), pauseMs)
  }

  private enter(state: SaveState<D>): void {
    this.state = state
    this.parts.onState(state)
  }
}
