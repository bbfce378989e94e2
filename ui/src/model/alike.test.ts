import { describe, expect, it } from 'vitest'
import { columnsOf, outliers, readings } from './alike'

describe('amounts', () => {
  it.each([
    [
      ['$1,234.50', '$20'],
      [1234.5, 20],
    ],
    [
      ['1.234,50 €', '20 €'],
      [1234.5, 20],
    ],
    [
      ['1.234 €', '26,70 €'],
      [1234, 26.7],
    ],
    [
      ['1,234 EUR', '26.70 EUR'],
      [1234, 26.7],
    ],
    [
      ["CHF 1'200", 'CHF 1’200.50'],
      [1200, 1200.5],
    ],
    [
      ['1\u00a0234,50 €', '12\u202f345\u202f678 €', '7 €'],
      [1234.5, 12345678, 7],
    ],
    [
      ['1.234.567 €', '0,5 €'],
      [1234567, 0.5],
    ],
    [
      ['0.125', '2'],
      [0.125, 2],
    ],
    [
      ['12 %', '-3 %', '−4 %'],
      [12, -3, -4],
    ],
    [['about 5.'], [5]],
  ])('%j', (texts, numbers) => expect(readings(texts)).toEqual([numbers]))
  it.each([['none'], ['3 of 5'], ['2026-01-02'], ['order #1001'], ['10.20.30.40'], ['']])('%s is no amount', (text) =>
    expect(readings([text])).toEqual([]),
  )
  it.each([[['1.234 €', '20 €']], [['$1,234', '$20']]])('%j may be two things', (texts) =>
    expect(readings(texts)).toHaveLength(2),
  )
  it('one way of writing holds for all', () => {
    expect(readings(['1.234,50', '1,234.50'])).toEqual([])
  })
})

describe('outliers', () => {
  it('an amount far from the others stands out, one beside them does not', () => {
    expect(outliers(['$20.00', '$26.70', '$24.10', '$310.00', '$2.00'])).toEqual([null, null, null, 'high', 'low'])
    expect(outliers(['$20', '$20', '$20', '$24'])).toEqual([null, null, null, null])
    expect(outliers(['$20', '$20', '$20', '$31'])).toEqual([null, null, null, 'high'])
  })
  it('an amount is judged as it is written in its column', () => {
    expect(outliers(['26,70 €', '1.234 €', '24,10 €', '31 €'])).toEqual([null, 'high', null, null])
    expect(outliers(['CHF 1’200.00', 'CHF 1’250.00', 'CHF 20.00'])).toEqual([null, null, 'low'])
    expect(outliers(['1\u202f234,00 €', '1\u202f100,00 €', '9,00 €'])).toEqual([null, null, 'low'])
  })
  it('nothing stands out where it cannot be told what is written', () => {
    expect(outliers(['1.234 €', '20 €', '31 €'])).toEqual([null, null, null])
    expect(outliers(['$1,234', '$20', '$20', '$20'])).toEqual([null, null, null, null])
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
