/** When each step of a run worked, waited for a person, or paused before another attempt. */

export type Segment = {
  kind: 'work' | 'person' | 'pause'
  from: number
  to: number
  label: string
  failed: boolean
  open: boolean
}
type Row = { visit: number; step: string; title: string; status: string; from: number; to: number; segments: Segment[] }

type Attempt = { attempt: number; started_at: number; ended_at?: number | null; status: string }
type Checkpoint = { kind: string; opened_at: number; decided_at?: number | null }
export type Timed = {
  visit: number
  step: string
  title: string
  kind: string
  status: string
  started_at: number
  ended_at?: number | null
  attempts: readonly Attempt[]
  checkpoint?: Checkpoint | null
  earlier_checkpoints: readonly Checkpoint[]
}

/** One row a step entry, its segments in order of time; what is not over reaches to `now`. */
export function waterfall(steps: readonly Timed[], now: number): Row[] {
  return steps.map((step) => {
    const waits = [...step.earlier_checkpoints, ...(step.checkpoint ? [step.checkpoint] : [])].map((wait): Segment => ({
      kind: 'person',
      from: wait.opened_at,
      to: wait.decided_at ?? now,
      label: wait.kind,
      failed: false,
      open: !wait.decided_at,
    }))
    const calls = step.attempts.map((attempt): Segment => ({
      kind: 'work',
      from: attempt.started_at,
      to: attempt.ended_at ?? now,
      label: String(attempt.attempt),
      failed: attempt.status === 'failed' || attempt.status === 'unknown',
      open: !attempt.ended_at,
    }))
    const segments = [...waits, ...calls].sort((a, b) => a.from - b.from)
    const pauses: Segment[] = []
    for (const [index, segment] of segments.entries()) {
      const next = segments[index + 1]
      if (next && next.from > segment.to)
        pauses.push({ kind: 'pause', from: segment.to, to: next.from, label: '', failed: false, open: false })
    }
    const last = segments.at(-1)
    if (step.status === 'retrying' && last)
      pauses.push({ kind: 'pause', from: last.to, to: Math.max(now, last.to), label: '', failed: false, open: true })
    const to = step.ended_at ?? Math.max(now, step.started_at)
    const all =
      segments.length > 0
        ? [...segments, ...pauses].sort((a, b) => a.from - b.from)
        : [
            {
              kind: 'work',
              from: step.started_at,
              to,
              label: '',
              failed: step.status === 'failed',
              open: !step.ended_at,
            } as const,
          ]
    return {
      visit: step.visit,
      step: step.step,
      title: step.title,
      status: step.status,
      from: step.started_at,
      to,
      segments: [...all],
    }
  })
}

/** Where a time lies, 0 to 1. */
export type Scale = (at: number) => number

/** Time as it passed. */
export function evenScale(rows: readonly Row[]): Scale {
  const from = Math.min(...rows.map((row) => row.from))
  const to = Math.max(...rows.map((row) => row.to), from + 1)
  return (at) => (Math.min(Math.max(at, from), to) - from) / (to - from)
}

/** Time in which something was done as it passed; time in which only people were waited for is cut short. */
export function workScale(rows: readonly Row[]): Scale {
  const segments = rows.flatMap((row) => row.segments)
  const edges = [...new Set(segments.flatMap((segment) => [segment.from, segment.to]))].sort((a, b) => a - b)
  const spans = edges.slice(1).map((to, index) => {
    const from = edges[index] ?? to
    return {
      from,
      to,
      works: segments.some((segment) => segment.kind === 'work' && segment.from <= from && segment.to >= to),
    }
  })
  const work = spans.filter((span) => span.works).reduce((sum, span) => sum + span.to - span.from, 0)
  const cut = Math.max(work * 0.2, 1)
  const places: { at: number; place: number }[] = []
  let place = 0
  for (const span of spans) {
    places.push({ at: span.from, place })
    place += span.works ? span.to - span.from : Math.min(span.to - span.from, cut)
  }
  const end = edges.at(-1) ?? 0
  places.push({ at: end, place })
  const whole = Math.max(place, 1)
  return (at) => {
    const index = places.findLastIndex((known) => known.at <= at)
    const known = places[index]
    const next = places[index + 1]
    if (!known) return 0
    if (!next || next.at === known.at) return known.place / whole
    return (known.place + ((at - known.at) / (next.at - known.at)) * (next.place - known.place)) / whole
  }
}
