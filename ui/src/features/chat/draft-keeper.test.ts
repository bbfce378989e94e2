import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { draftKeeper, PAUSE_MS } from './draft-keeper'

type Data = Record<string, unknown>
type Told = { values: Data; last: boolean; answer: () => Promise<void>; fail: () => Promise<void> }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function begun(there: Data | null = null, unsent: Data | null = null) {
  const told: Told[] = []
  const saved: unknown[] = []
  const keeper = draftKeeper(
    { there, files: {}, unsent },
    {
      tell: (values, last) =>
        new Promise((resolve, reject) => {
          const settle = (what: () => void) => async () => {
            what()
            await vi.advanceTimersByTimeAsync(0)
          }
          told.push({ values, last, answer: settle(() => resolve(values)), fail: settle(() => reject(new Error())) })
        }),
      save: (draft) => saved.push(draft),
    },
  )
  const type = (values: Data) => {
    keeper.change(values, {})
    vi.advanceTimersByTime(PAUSE_MS)
  }
  return { keeper, told, saved, type, values: () => told.map((one) => one.values) }
}

describe('what is filled in', () => {
  it('is told one after the other, then the newest alone', async () => {
    const { type, told, values, saved } = begun()
    type({ a: 1 })
    type({ a: 2 })
    type({ a: 3 })
    expect(values()).toEqual([{ a: 1 }])
    // The page may go now: what is here goes on from either.
    expect(saved.at(-1)).toEqual({ files: {}, unsent: { values: { a: 3 }, after: [null, { a: 1 }] } })
    await told[0]?.answer()
    expect(values()).toEqual([{ a: 1 }, { a: 3 }])
    await told[1]?.answer()
    expect(values()).toHaveLength(2)
    expect(saved.at(-1)).toEqual({ files: {}, unsent: null })
  })

  it('is told again with the next change where it failed, and is here until then', async () => {
    const { type, told, values, saved } = begun({ a: 0 })
    type({ a: 1 })
    await told[0]?.fail()
    expect(values()).toHaveLength(1)
    expect(saved.at(-1)).toMatchObject({ unsent: { values: { a: 1 }, after: [{ a: 0 }, { a: 1 }] } })
    type({ a: 2 })
    expect(values()).toEqual([{ a: 1 }, { a: 2 }])
  })

  it('is told as the page goes, whatever is on its way', () => {
    const { keeper, type, told } = begun()
    type({ a: 1 })
    keeper.change({ a: 2 }, {})
    keeper.keep(true)
    expect(told.map(({ values, last }) => [values, last])).toEqual([
      [{ a: 1 }, false],
      [{ a: 2 }, true],
    ])
  })

  it('is not told where only a file changed, and stays forgotten', async () => {
    const { keeper, type, told, saved } = begun({ a: 0 })
    keeper.change({ a: 0 }, { photo: 'data:' })
    vi.advanceTimersByTime(PAUSE_MS)
    expect(told).toEqual([])
    expect(saved.at(-1)).toEqual({ files: { photo: 'data:' }, unsent: null })
    type({ a: 1 })
    keeper.forget()
    await told[0]?.answer()
    expect(saved.at(-1)).toBeNull()
    expect(told).toHaveLength(1)
  })

  it('left from before is told at once when asked to', () => {
    const { keeper, values } = begun(null, { a: 5 })
    keeper.keep(false)
    expect(values()).toEqual([{ a: 5 }])
  })
})
