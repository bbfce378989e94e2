import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Autosave, retryPause, type SaveAnswer, type SaveState } from './autosave'

function setUp(answers: SaveAnswer<string>[] = []) {
  const saved: [string, number][] = []
  const states: SaveState<string>['kind'][] = []
  let due: (() => void) | undefined
  let release: (() => void)[] = []
  const queue = new Autosave<string>({
    revision: 1,
    save: async (document, revision) => {
      saved.push([document, revision])
      await new Promise<void>((resolve) => release.push(resolve))
      return answers.shift() ?? { ok: true, revision: revision + 1 }
    },
    onState: (state) => states.push(state.kind),
    later: (work) => {
      due = work
      return () => (due = undefined)
    },
    same: Object.is,
  })
  const answer = async () => {
    const ready = release
    release = []
    for (const one of ready) one()
    for (let turn = 0; turn < 8; turn += 1) await Promise.resolve()
  }
  return { queue, saved, states, pause: () => due?.(), answer }
}

describe('autosave', () => {
  it('saves the newest after the pause, one at a time, each on the last revision', async () => {
    const { queue, saved, states, pause, answer } = setUp()
    queue.push('a')
    queue.push('b')
    pause()
    queue.push('c')
    queue.push('d')
    expect(saved).toEqual([['b', 1]])
    await answer()
    expect(saved).toEqual([
      ['b', 1],
      ['d', 2],
    ])
    await answer()
    expect(queue.unsaved).toBe(false)
    expect(queue.revision).toBe(3)
    expect(states.at(-1)).toBe('saved')
  })

  it('is flushed when what was under way is saved too', async () => {
    const { queue, pause, answer } = setUp()
    const told: string[] = []
    queue.push('a')
    pause()
    queue.push('b')
    void queue.flush().then(() => told.push('flushed'))
    await answer()
    expect(told).toEqual([])
    await answer()
    expect(told).toEqual(['flushed'])
    expect(queue.unsaved).toBe(false)
    await queue.flush()
  })

  it('gives up what is not saved when told to', async () => {
    const { queue, saved, pause, answer } = setUp([{ ok: false, message: 'offline' }])
    queue.push('a')
    pause()
    await answer()
    queue.dispose()
    pause()
    await queue.flush()
    expect(saved).toHaveLength(1)
    expect(queue.unsaved).toBe(false)
  })

  it('keeps what could not be saved and tries again with the next change', async () => {
    const { queue, saved, states, pause, answer } = setUp([{ ok: false, message: 'offline' }])
    queue.push('a')
    pause()
    await answer()
    expect(states.at(-1)).toBe('failed')
    expect(queue.unsaved).toBe(true)
    queue.push('b')
    pause()
    await answer()
    expect(saved).toEqual([
      ['a', 1],
      ['b', 1],
    ])
    expect(states.at(-1)).toBe('saved')
  })

  it('stops at a conflict until a person chose', async () => {
    const { queue, saved, states, pause, answer } = setUp([
      { ok: false, conflict: { document: 'theirs', revision: 5 } },
    ])
    queue.push('mine')
    pause()
    await answer()
    expect(states.at(-1)).toBe('conflict')
    queue.push('mine too')
    pause()
    expect(saved).toHaveLength(1)
    const settled = queue.settle('mine too')
    await answer()
    await settled
    expect(saved.at(-1)).toEqual(['mine too', 5])
    expect(states.at(-1)).toBe('saved')
  })
})

describe('autosave by itself', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  function withTimers(answers: SaveAnswer<string>[], otherwise: SaveAnswer<string> = { ok: true, revision: 2 }) {
    const tries: number[] = []
    const states: SaveState<string>['kind'][] = []
    const start = Date.now()
    const queue = new Autosave<string>({
      revision: 1,
      save: () => {
        tries.push(Date.now() - start)
        return Promise.resolve(answers.shift() ?? otherwise)
      },
      onState: (state) => states.push(state.kind),
      later: (work, pauseMs) => {
        const timer = setTimeout(work, pauseMs)
        return () => clearTimeout(timer)
      },
      same: Object.is,
    })
    return { queue, tries, states }
  }
  const offline: SaveAnswer<string> = { ok: false, message: 'offline' }
  const HOUR = 3_600_000

  it('tries again with growing pauses that do not grow for ever', async () => {
    const { queue, tries, states } = withTimers([], offline)
    queue.push('a')
    await vi.advanceTimersByTimeAsync(HOUR)
    const pauses = tries.slice(1).map((at, index) => at - (tries[index] ?? 0))
    expect(pauses.slice(0, 7)).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
    expect(retryPause(1_000)).toBe(60_000)
    expect(states.at(-1)).toBe('failed')
  })

  it('stops once it is saved, and begins with the short pause the next time', async () => {
    const { queue, tries, states } = withTimers([
      offline,
      offline,
      { ok: true, revision: 2 },
      offline,
      { ok: true, revision: 3 },
    ])
    queue.push('a')
    await vi.advanceTimersByTimeAsync(HOUR)
    expect(tries).toEqual([700, 2_700, 6_700])
    expect(states.at(-1)).toBe('saved')
    queue.push('b')
    await vi.advanceTimersByTimeAsync(HOUR)
    expect(tries.slice(3)).toEqual([HOUR + 700, HOUR + 2_700])
    expect(queue.unsaved).toBe(false)
  })

  it('tries at once when a person asks, and once only', async () => {
    const { queue, tries } = withTimers([offline])
    queue.push('a')
    await vi.advanceTimersByTimeAsync(1_000)
    await queue.flush()
    expect(tries).toEqual([700, 1_000])
    await vi.advanceTimersByTimeAsync(HOUR)
    expect(tries).toHaveLength(2)
  })

  it('never tries again by itself after a conflict or a refusal that stays', async () => {
    const refusals: SaveAnswer<string>[] = [
      { ok: false, conflict: { document: 'theirs', revision: 5 } },
      { ok: false, message: 'too large', final: true },
    ]
    for (const refusal of refusals) {
      const { queue, tries } = withTimers([offline, refusal])
      queue.push('a')
      await vi.advanceTimersByTimeAsync(HOUR)
      expect(tries).toEqual([700, 2_700])
      expect(queue.unsaved).toBe(true)
    }
  })

  it('takes its own change for no conflict when only the answer was lost', async () => {
    const { queue, tries, states } = withTimers([
      offline,
      { ok: false, conflict: { document: 'a', revision: 2 } },
      { ok: true, revision: 3 },
    ])
    queue.push('a')
    await vi.advanceTimersByTimeAsync(1_000)
    queue.push('b')
    await vi.advanceTimersByTimeAsync(HOUR)
    expect(tries).toEqual([700, 1_700, 1_700])
    expect(states).not.toContain('conflict')
    expect(queue.revision).toBe(3)
  })
})
