import { describe, expect, it } from 'vitest'
import { extended, filled, parseJson, parseObject, undone } from './rehearsal'

describe('a script', () => {
  it('grows by an act and shrinks by one', () => {
    const begun = { opening: { message: 'upgrade' }, acts: [] as string[] }
    const played = extended<string, typeof begun>(begun, 'a')
    expect(played.acts).toEqual(['a'])
    expect(begun.acts).toEqual([])
    expect(undone(extended<string, typeof begun>(played, 'b'))).toEqual(played)
    expect(undone(begun)).toBeNull()
    expect(undone(null)).toBeNull()
  })
})

describe('what people type', () => {
  it('is JSON or said not to be', () => {
    expect(parseJson('{"a":1}')).toEqual({ ok: true, value: { a: 1 } })
    expect(parseJson('{a')).toEqual({ ok: false })
    expect(parseObject('')).toEqual({ ok: true, value: {} })
    expect(parseObject('[1]')).toEqual({ ok: false })
    expect(filled({ name: ' Ada ', phone: '' })).toEqual({ name: 'Ada' })
  })
})
