import { expect, test } from 'vitest'
import { ALONE, pickedIn, slashAt, wantedOf } from './slash'

test('a slash alone asks, and the letters after it', () => {
  expect(wantedOf('/', ALONE)).toBe('')
  expect(wantedOf('/Hours', ALONE)).toBe('hours')
  for (const words of ['', 'Hello', ' /hours', '/hours today', 'see /hours', '//x y']) {
    expect(wantedOf(words, ALONE)).toBeNull()
  }
})

test('one that is put into a text asks there and nowhere else', () => {
  const { body, slash } = slashAt('Hello Ada', 5)
  expect(body).toBe('Hello/ Ada')
  expect(wantedOf(body, slash)).toBe('')
  expect(wantedOf('Hello/ho Ada', slash)).toBe('ho')
  for (const words of ['Hello Ada', 'Hello/ho s Ada', 'Hallo/ho Ada', 'Hello/ho Eva', 'Hello', ' Ada']) {
    expect(wantedOf(words, slash)).toBeNull()
  }
  expect(slashAt(' ', 1)).toEqual({ body: '/', slash: ALONE })
  // What stands before and behind does not lie over itself.
  expect(wantedOf('aa', { before: 'aa', after: 'a' })).toBeNull()
})

test('what is picked stands apart from the words around it, and its gap is what is typed next', () => {
  expect(pickedIn(ALONE, 'Nine to five.')).toEqual({ body: 'Nine to five.', selected: [13, 13] })
  const inside = pickedIn(slashAt('Hello Ada', 5).slash, 'from {{customer.city}}!')
  expect(inside.body).toBe('Hello from {{customer.city}}! Ada')
  expect(inside.body.slice(...inside.selected)).toBe('{{customer.city}}')
  expect(pickedIn(slashAt('Hello Ada', 6).slash, 'dear').body).toBe('Hello dear Ada')
})
