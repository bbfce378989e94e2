import { expect, test } from 'vitest'
import { nearest, type Candidate } from './sentence'

const candidates: Candidate[] = [
  {
    id: 'address-change',
    name: 'Address change',
    description: 'Changes where an order is sent.',
    parts: ['Ask for the new address', 'shopify'],
  },
  {
    id: 'refund-with-tiers',
    name: 'Refund with tiers',
    description: 'Refunds a charge after an identity check. Up to $50 any operator agrees, above that managers.',
    parts: ['Whose yes is needed', 'Refund above $100', 'stripe', 'manager'],
  },
  { id: 'returns', name: 'Returns with label', description: 'Sends a label.', parts: ['Approve the return'] },
]
const ids = (sentence: string) => nearest(sentence, candidates).map((one) => one.id)

test('the nearest comes first and says what it has not', () => {
  const [first] = nearest('Refund if late, manager above 50', candidates)
  expect(first).toMatchObject({
    id: 'refund-with-tiers',
    found: ['refund', 'manager', 'above', '50'],
    missing: ['late'],
  })
  expect(ids('refunding')[0]).toBe('refund-with-tiers')
  expect(ids('customer has moved')[0]).toBe('address-change')
})

test('other words for the same are understood, less than the words themselves', () => {
  expect(ids('give the money back')).toEqual(['refund-with-tiers'])
  expect(ids('approve returns')[0]).toBe('returns')
})

test('nothing is near to nothing', () => {
  for (const sentence of ['', 'if it is', 'weather forecast', '…', '{{ }}']) expect(ids(sentence)).toEqual([])
})
