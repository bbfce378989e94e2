import { describe, expect, test } from 'vitest'
import { evenScale, waterfall, workScale, type Timed } from './waterfall'

const step = (visit: number, from: number, to: number | null, over: Partial<Timed> = {}): Timed => ({
  visit,
  step: `s${visit}`,
  title: `Step ${visit}`,
  kind: 'tool_call',
  status: 'completed',
  started_at: from,
  ended_at: to,
  attempts: [],
  earlier_checkpoints: [],
  ...over,
})

describe('waterfall', () => {
  test('attempts with the pauses between them', () => {
    const attempts = [
      { attempt: 1, started_at: 0, ended_at: 10, status: 'failed' },
      { attempt: 2, started_at: 30, ended_at: 35, status: 'completed' },
    ]
    const [row] = waterfall([step(1, 0, 35, { attempts })], 99)
    expect(row?.segments.map((one) => [one.kind, one.from, one.to, one.failed])).toEqual([
      ['work', 0, 10, true],
      ['pause', 10, 30, false],
      ['work', 30, 35, false],
    ])
  })

  test('what is not over reaches to now', () => {
    const checkpoint = { kind: 'approval', opened_at: 5, decided_at: null }
    const rows = waterfall([step(1, 0, 5), step(2, 5, null, { checkpoint, status: 'waiting' })], 50)
    expect(rows[1]?.segments).toEqual([
      { kind: 'person', from: 5, to: 50, label: 'approval', failed: false, open: true },
    ])
    expect(rows[1]?.to).toBe(50)
  })

  test('a step that records nothing else works from begin to end', () => {
    expect(waterfall([step(1, 3, 4)], 9)[0]?.segments).toMatchObject([{ kind: 'work', from: 3, to: 4 }])
  })

  test('waiting for people is cut short, work keeps its proportions', () => {
    const rows = waterfall(
      [
        step(1, 0, 100),
        step(2, 100, 1_000_100, { checkpoint: { kind: 'approval', opened_at: 100, decided_at: 1_000_100 } }),
        step(3, 1_000_100, 1_000_200),
      ],
      0,
    )
    const even = evenScale(rows)
    const work = workScale(rows)
    expect(even(100)).toBeLessThan(0.001)
    expect([work(0), work(1_000_200)]).toEqual([0, 1])
    expect(work(100)).toBeCloseTo(100 / 240)
    expect(work(1_000_200) - work(1_000_100)).toBeCloseTo(work(100))
    expect(work(50)).toBeCloseTo(work(100) / 2)
  })
})
