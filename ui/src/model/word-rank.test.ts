import { expect, test } from 'vitest'
import { wordRank } from './word-rank'

test('every word that was typed must stand in it, in any order', () => {
  const action = 'twilio.verification.start Send one-time code'
  expect(wordRank(action, 'Done')).toBe(0)
  expect(wordRank(action, 'code twilio')).toBe(0.5)
  expect(wordRank(action, 'code stripe')).toBe(0)
  expect(wordRank('stripe.refund.create', 'stripe money', ['Give money back'])).toBe(0.5)
})

test('what begins with the text comes first, then what has it in one piece', () => {
  const step = wordRank('Verify customer identity verify step', 'Verify customer identity')
  expect(step).toBe(1)
  expect(step).toBeGreaterThan(wordRank('identity.verify Verify customer', 'Verify customer identity'))
  expect(wordRank('identity.verify Verify customer', 'verify customer')).toBe(0.8)
  expect(wordRank('Done done step', ' done ')).toBe(1)
})

test('nothing typed finds everything', () => {
  expect(wordRank('Done', '')).toBe(1)
})
