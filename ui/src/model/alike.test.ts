import { describe, expect, it } from 'vitest'
import { amountIn, columnsOf, outliers } from './alike'

describe('amounts', () => {
  it.each([
    ['$1,234.50', 1234.5],
    ['1.234,50 €', 1234.5],
    ['26,70 EUR', 26.7],
    ["CHF 1'200", 1200],
    ['12 %', 12],
    ['-3', -3],
    ['about 5.', 5],
  ])('%s', (text, number) => expect(amountIn(text)).toBe(number))
  it.each(['none', '3 of 5', '2026-01-02', 'order #1001', ''])('%s is no amount', (text) =>
    expect(amountIn(text)).toBeNull(),
  )
})

describe('outliers', () => {
  it('an amount far from the others stands out, one beside them does not', () => {
    expect(outliers(['$20.00', '$26.70', '$24.10', '$310.00', '$2.00'])).toEqual([null, null, null, 'high', 'low'])
    expect(outliers(['$20', '$20', '$20', '$24'])).toEqual([null, null, null, null])
    expect(outliers(['$20', '$20', '$20', '$31'])).toEqual([null, null, null, 'high'])
  })
  it('a value that nearly all others differ from stands out, a missing one too', () => {
    expect(outliers(['EUR', 'EUR', 'EUR', 'USD'])).toEqual([null, null, null, 'other'])
    expect(outliers(['gold', undefined, 'gold', 'gold'])).toEqual([null, 'other', null, null])
    expect(outliers(['Ada', 'Bob', 'Cy', 'Ada'])).toEqual([null, null, null, null])
  })
  it('amounts of two currencies are compared as words', () => {
    expect(outliers(['$20', '$20', '$20', '€20'])).toEqual([null, null, null, 'other'])
  })
  it('nothing stands out of two', () => {
    expect(outliers(['$1', '$100'])).toEqual([null, null])
  })
})

it('columns are the facts in their order', () => {
  const fact = (label: string) => ({ label })
  expect(columnsOf([{ facts: [fact('Order'), fact('Amount')] }, { facts: [fact('Order'), fact('Note')] }])).toEqual([
    'Order',
    'Amount',
    'Note',
  ])
})
