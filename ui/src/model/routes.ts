/** Where connections run, so that none passes behind a card. */

export type Point = readonly [x: number, y: number]
export type Box = { x: number; y: number; width: number; height: number }
export type Line = { id: string; from: Point; to: Point; target: string; lane: number }
/** Down from the card to `out`, across to `column`, along it to `into`, across and down into the target. */
export type Route = { out: number; column: number; into: number; from: Point; to: Point }

const GAP = 18
const LANE = 9
const LANES = 3
const MARGIN = 14
const SPREAD = 12

function hitsVertical(box: Box, x: number, top: number, bottom: number): boolean {
  return x > box.x - MARGIN && x < box.x + box.width + MARGIN && bottom > box.y - 4 && top < box.y + box.height + 4
}

function hitsHorizontal(box: Box, y: number, left: number, right: number): boolean {
  return y > box.y - 4 && y < box.y + box.height + 4 && right > box.x - 4 && left < box.x + box.width + 4
}

const order = (a: number, b: number): [number, number] => (a < b ? [a, b] : [b, a])

type Used = { x: number; top: number; bottom: number; target: string }

/** A column beside one that leads elsewhere is moved a little, so that two lines do not look like one. */
function beside(used: readonly Used[], x: number, [top, bottom]: [number, number], target: string): number {
  const close = used.filter(
    (one) => Math.abs(one.x - x) < 4 * SPREAD && one.target !== target && one.bottom > top && one.top < bottom,
  )
  for (let step = 0; step < 6; step += 1) {
    const at = x + (step % 2 === 0 ? 1 : -1) * Math.ceil(step / 2) * SPREAD
    if (!close.some((one) => Math.abs(one.x - at) < SPREAD - 2)) return at
  }
  return x
}

/** Finds the boxes between two heights without looking at all of them. */
function finder(boxes: readonly Box[]): (top: number, bottom: number) => Box[] {
  const sorted = [...boxes].sort((a, b) => a.y - b.y)
  const tallest = Math.max(0, ...sorted.map((box) => box.height))
  return (top, bottom) => {
    let low = 0
    for (let high = sorted.length; low < high;) {
      const middle = (low + high) >> 1
      if ((sorted[middle] as Box).y > top - tallest) high = middle
      else low = middle + 1
    }
    const found: Box[] = []
    for (let at = low; at < sorted.length; at += 1) {
      const box = sorted[at] as Box
      if (box.y >= bottom) break
      if (box.y + box.height > top) found.push(box)
    }
    return found
  }
}

function crossed(boxes: readonly Box[], { out, column, into, from, to }: Route): number {
  const [top, bottom] = order(out, into)
  const [left, right] = order(from[0], column)
  const [left2, right2] = order(column, to[0])
  let count = 0
  for (const box of boxes) {
    if (hitsVertical(box, column, top, bottom)) count += 1
    if (hitsHorizontal(box, out, left, right)) count += 1
    if (hitsHorizontal(box, into, left2, right2)) count += 1
  }
  return count
}

/** The route of every line around the boxes; a line that needs none (straight, or just across) has none. */
export function routes(lines: readonly Line[], boxes: readonly Box[]): Map<string, Route> {
  const found = new Map<string, Route>()
  const used: Used[] = []
  const between = finder(boxes)
  for (const line of lines) {
    const lane = (line.lane % LANES) * LANE
    const out = line.from[1] + GAP + lane
    const into = line.to[1] - GAP - LANE - lane
    const [top, bottom] = order(out, into)
    if (into > out && into - out < 2 * GAP) continue
    const near = between(top - GAP, bottom + GAP)
    const straight = Math.abs(line.from[0] - line.to[0]) < 2
    const sides = near.flatMap((box) => [box.x - GAP, box.x + box.width + GAP])
    const detour = (column: number) => Math.abs(column - line.from[0]) + Math.abs(column - line.to[0])
    // The shortest first: the first that crosses nothing ends the search.
    const columns = [...new Set([line.to[0], line.from[0], ...sides])].sort((a, b) => detour(a) - detour(b))
    let best: { route: Route; cost: number } | undefined
    for (const column of columns) {
      const cost = detour(column)
      if (best && cost >= best.cost) break
      const route: Route = { out, column, into, from: line.from, to: line.to }
      const total = cost + 2000 * crossed(near, route)
      if (!best || total < best.cost) best = { route, cost: total }
    }
    if (!best || (straight && Math.abs(best.route.column - line.to[0]) < 2)) continue
    const column = beside(used, best.route.column, [top, bottom], line.target)
    used.push({ x: column, top, bottom, target: line.target })
    found.set(line.id, { ...best.route, column })
  }
  return found
}

/** The line as an SVG path with rounded corners, and the middle of its longest part. */
export function pathOf(points: readonly Point[], radius = 10): { path: string; label: Point } {
  const kept = points.filter(
    (point, index) => index === 0 || point[0] !== points[index - 1]?.[0] || point[1] !== points[index - 1]?.[1],
  )
  const first = kept[0] ?? [0, 0]
  let path = `M ${first[0]},${first[1]}`
  let label: Point = first
  let longest = -1
  for (let index = 1; index < kept.length; index += 1) {
    const before = kept[index - 1] ?? first
    const at = kept[index] ?? first
    const next = kept[index + 1]
    const length = Math.hypot(at[0] - before[0], at[1] - before[1])
    if (length > longest) {
      longest = length
      label = [(before[0] + at[0]) / 2, (before[1] + at[1]) / 2]
    }
    if (!next) {
      path += ` L ${at[0]},${at[1]}`
      continue
    }
    const onward = Math.hypot(next[0] - at[0], next[1] - at[1])
    const bend = Math.min(radius, length / 2, onward / 2)
    const back = (from: Point): Point => {
      const far = Math.hypot(from[0] - at[0], from[1] - at[1]) || 1
      return [at[0] + ((from[0] - at[0]) * bend) / far, at[1] + ((from[1] - at[1]) * bend) / far]
    }
    const [ax, ay] = back(before)
    const [bx, by] = back(next)
    path += ` L ${ax},${ay} Q ${at[0]},${at[1]} ${bx},${by}`
  }
  return { path, label }
}

/** The corners of a route between two ends. */
export function corners(route: Route, from: Point, to: Point): Point[] {
  return [from, [from[0], route.out], [route.column, route.out], [route.column, route.into], [to[0], route.into], to]
}
