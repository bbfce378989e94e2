import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { corners, pathOf, routes, type Box, type Line, type Point } from './routes'

const card = (x: number, y: number): Box => ({ x, y, width: 248, height: 76 })
const inside = (box: Box, [x, y]: Point) => x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height

/** Every tenth pixel of a line. */
function along(points: readonly Point[]): Point[] {
  return points.slice(1).flatMap((to, index) => {
    const from = points[index] as Point
    const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / 10))
    return Array.from({ length: steps + 1 }, (_, step): Point => [
      from[0] + ((to[0] - from[0]) * step) / steps,
      from[1] + ((to[1] - from[1]) * step) / steps,
    ])
  })
}

describe('routes', () => {
  it('go around the card in between', () => {
    const boxes = [card(0, 0), card(0, 160), card(0, 320)]
    const line: Line = { id: 'a', from: [124, 76], to: [124, 320], target: 'c', lane: 0 }
    const route = routes([line], boxes).get('a')
    expect(route).toBeDefined()
    if (!route) return
    for (const point of along(corners(route, line.from, line.to)))
      expect(inside(boxes[1] as Box, point), String(point)).toBe(false)
  })
  it('leave a straight line alone', () => {
    expect(
      routes([{ id: 'a', from: [124, 76], to: [124, 160], target: 'b', lane: 0 }], [card(0, 0), card(0, 160)]).size,
    ).toBe(0)
  })
  it('pass behind no card of a layout in rows, wherever they lead', () => {
    const cell = fc.record({ column: fc.integer({ min: 0, max: 4 }), row: fc.integer({ min: 0, max: 6 }) })
    fc.assert(
      fc.property(
        fc.uniqueArray(cell, { minLength: 2, maxLength: 20, selector: (one) => `${one.column}/${one.row}` }),
        fc.nat(2),
        (cells, lane) => {
          const boxes = cells.map(({ column, row }) => card(column * 292, row * 156))
          const [a, b] = boxes as [Box, Box]
          const line: Line = { id: 'a', from: [a.x + 62, a.y + 76], to: [b.x + 124, b.y], target: 'b', lane }
          const route = routes([line], boxes).get('a')
          if (!route) return
          expect(
            along(corners(route, line.from, line.to)).filter((point) => boxes.some((box) => inside(box, point))),
          ).toEqual([])
        },
      ),
      { numRuns: 300 },
    )
  })
  it('to different steps do not share a column', () => {
    const boxes = [card(0, 0), card(0, 160), card(0, 320), card(300, 480), card(0, 480)]
    const lines: Line[] = [
      { id: 'a', from: [62, 76], to: [424, 480], target: 'd', lane: 0 },
      { id: 'b', from: [186, 76], to: [124, 480], target: 'e', lane: 1 },
    ]
    const found = routes(lines, boxes)
    const [a, b] = [found.get('a'), found.get('b')]
    if (a && b) expect(Math.abs(a.column - b.column)).toBeGreaterThan(8)
  })
  it('become a path that begins and ends where it should', () => {
    const { path, label } = pathOf([
      [0, 0],
      [0, 20],
      [300, 20],
      [300, 60],
    ])
    expect(path.startsWith('M 0,0')).toBe(true)
    expect(path.endsWith('L 300,60')).toBe(true)
    expect(label).toEqual([150, 20])
  })
})
