import fc from 'fast-check'
import jsonata from 'jsonata'
import { expect, test } from 'vitest'
import { CHANNELS, readMessageRule, writeMessageRule } from './message-rule'

test('what is written is read again', async () => {
  const word = fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }).map((one) => one.toLowerCase())
  const channels = fc.uniqueArray(fc.constantFrom(...CHANNELS))
  const rule = fc.record({
    words: fc.array(fc.array(word, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
    channels,
    first: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(rule, async (given) => {
      const text = writeMessageRule(given)
      expect(readMessageRule(text)).toEqual(given)
      const said = given.words
        .map((group) => group[0])
        .join(' ')
        .toUpperCase()
        .toLowerCase()
      const holds: unknown = await jsonata(text).evaluate({
        text: said,
        channel: given.channels[0] ?? 'email',
        first: true,
      })
      if (given.words.flat().every((one) => one === one.toUpperCase().toLowerCase())) expect(holds).toBe(true)
      const later: unknown = await jsonata(text).evaluate({
        text: said,
        channel: given.channels[0] ?? 'email',
        first: false,
      })
      if (given.first) expect(later).toBe(false)
    }),
  )
})

test('conditions of the templates are words', () => {
  expect(readMessageRule("$contains($lowercase(text), 'delete') and $contains($lowercase(text), 'account')")).toEqual({
    words: [['delete'], ['account']],
    channels: [],
    first: false,
  })
  expect(readMessageRule("$contains($lowercase(text), 'late') or $contains($lowercase(text), 'lost')")).toEqual({
    words: [['late', 'lost']],
    channels: [],
    first: false,
  })
  expect(readMessageRule('')).toEqual({ words: [], channels: [], first: false })
  expect(readMessageRule("first and channel = 'web'")).toEqual({ words: [], channels: ['web'], first: true })
  expect(readMessageRule('first')).toEqual({ words: [], channels: [], first: true })
})

test('what says more is no list of words', () => {
  for (const text of [
    "$contains(text, 'x')",
    "$contains($lowercase(text), 'a') and channel = 'sms' and channel = 'email'",
    "$contains($lowercase(text), 'a') or channel = 'sms'",
    "$not($contains($lowercase(text), 'a'))",
    'customer.vip',
    "channel = 'conversation'",
    'firstly',
    '$not(first)',
    "first or channel = 'sms'",
    '(',
  ])
    expect(readMessageRule(text), text).toBeNull()
})
