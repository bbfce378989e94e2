import { describe, expect, it } from 'vitest'
import { Autosave, type SaveAnswer, type SaveState } from './autosave'

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
    expect(saved).toEqual([['b', 1], ['d', 2]])
    await answer()
    expect(queue.unsaved).toBe(false)
    expect(queue.revision).toBe(3)
    expect(states.at(-1)).toBe('saved')
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
    expect(saved).toEqual([['a', 1], ['b', 1]])
    expect(states.at(-1)).toBe('saved')
  })

  it('stops at a conflict until a person chose', async () => {
    const { queue, saved, states, pause, answer } = setUp([{ ok: false, conflict: { document: 'theirs', revision: 5 } }])
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
