import { describe, expect, it } from 'vitest'
import { diffLines, inOrderOf } from './line-diff'

const written = (before: string, after: string) =>
  diffLines(before, after).map((line) => `${{ added: '+', removed: '-', same: ' ', hunk: '@' }[line.kind]}${line.text}`)
const lines = (count: number, make = (number: number) => `line ${number}`) =>
  Array.from({ length: count }, (_, index) => make(index + 1))

describe('the difference of two texts', () => {
  it('is nothing for equal texts', () => {
    expect(written('a\nb\n', 'a\nb\n')).toEqual([])
  })

  it('marks what was taken away and what came', () => {
    expect(written('a\nb\nc', 'a\nx\nc\nd')).toEqual([' a', '-b', '+x', ' c', '+d'])
    expect(diffLines('a\nb', 'b')).toEqual([
      { kind: 'removed', text: 'a', from: 1 },
      { kind: 'same', text: 'b', from: 2, to: 1 },
    ])
  })

  it('leaves out what is far from every change', () => {
    const before = lines(40)
    const after = before.map((line) => (line === 'line 5' || line === 'line 30' ? `${line}!` : line))
    expect(written(before.join('\n'), after.join('\n'))).toEqual([
      '@⋯',
      ' line 2',
      ' line 3',
      ' line 4',
      '-line 5',
      '+line 5!',
      ' line 6',
      ' line 7',
      ' line 8',
      '@⋯',
      ' line 27',
      ' line 28',
      ' line 29',
      '-line 30',
      '+line 30!',
      ' line 31',
      ' line 32',
      ' line 33',
    ])
  })

  it('rebuilds both texts, whatever they are', () => {
    let seed = 7
    const next = (below: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below
    for (let round = 0; round < 200; round += 1) {
      const [before, after] = [
        lines(next(9) + 1, () => 'abc'[next(3)] ?? ''),
        lines(next(9) + 1, () => 'abc'[next(3)] ?? ''),
      ]
      const found = diffLines(before.join('\n'), after.join('\n'))
      if (found.some((line) => line.kind === 'hunk') || found.length === 0) continue
      const side = (kind: string) =>
        found.filter((line) => line.kind === kind || line.kind === 'same').map((line) => line.text)
      expect([round, side('removed').join('')]).toEqual([round, before.slice(0, side('removed').length).join('')])
      expect([round, side('added').join('')]).toEqual([round, after.slice(0, side('added').length).join('')])
    }
  })

  it('compares texts of thousands of lines that have next to nothing in common', () => {
    const [before, after] = [lines(5_000), lines(5_000, (number) => `other ${number}`)]
    expect(diffLines(['top', ...before].join('\n'), ['top', ...after].join('\n'))).toHaveLength(10_001)
  })

  it('takes no other order of keys for a difference', () => {
    expect(JSON.stringify(inOrderOf({ b: [{ y: 1, x: 2 }], a: 1, c: 3 }, { a: 0, b: [{ x: 0, y: 0 }] }))).toBe(
      '{"a":1,"b":[{"x":2,"y":1}],"c":3}',
    )
  })
})
