/** Several requests of one step side by side: what they have in common, and what stands out. */

/** How far from the median an amount is before it stands out: so many times the usual distance, and half the median. */
const FAR = 3
const FAR_PART = 0.5
/** From so many on there is something usual to differ from. */
const ENOUGH = 3
/** A value stands out when so many of all have another. */
const MOSTLY = 0.6

const NUMBER = /[-−]?\d(?:[\d.,'’\u00a0\u202f ]*\d)?/g

/** A number whose decimals come after the one sign, and whose thousands the other or a blank may part. */
const written = (decimal: string, thousands: string) =>
  new RegExp(
    `^([-−]?)(\\d+|[1-9]\\d{0,2}([${thousands}'’\\u00a0\\u202f ])\\d{3}(?:\\3\\d{3})*)(?:[${decimal}](\\d+))?$`,
  )
const WRITTEN = [written('.', ','), written(',', '.')]

function read(number: string, way: RegExp): number | null {
  const match = number.match(way)
  if (!match) return null
  const [, sign, whole = '', , decimals = '0'] = match
  return Number(`${sign ? '-' : ''}${whole.replace(/\D/g, '')}.${decimals}`)
}

/**
 * What the numbers of a column may be, one in each text such as `$1,234.50` or `12 %`: nothing where there are none,
 * two readings where it cannot be told whether `1.234` is more than a thousand.
 */
export function readings(column: readonly string[]): number[][] {
  const found = column.map((text) => text.match(NUMBER) ?? [])
  // What is counted through is no amount.
  if (found.some((numbers) => numbers.length !== 1) || column.some((text) => /[#№]/.test(text))) return []
  const all = WRITTEN.map((way) => found.map(([number = '']) => read(number, way)))
  const whole = all.filter((numbers) => numbers.every((number) => number !== null))
  const [first, second] = whole
  return first && second?.every((number, at) => number === first[at]) ? [first] : whole
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  const upper = sorted[half] ?? 0
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? upper)) / 2
}

/** Of each value of a column why it stands out: far above or below the others, or another than nearly all. */
export type Outlier = 'high' | 'low' | 'other' | null

export function outliers(column: readonly (string | undefined)[]): Outlier[] {
  const none = column.map((): Outlier => null)
  if (column.length < ENOUGH) return none
  const texts = column.filter((text) => text !== undefined)
  const words = new Set(texts.map((text) => text.replace(NUMBER, '#').trim()))
  // Amounts only where everything around the numbers is the same: two currencies are not compared.
  const amounts = texts.length === column.length && words.size === 1 ? readings(texts) : []
  if (amounts.length > 1) return none
  const [numbers] = amounts
  if (numbers) {
    const middle = median(numbers)
    const usual = median(numbers.map((amount) => Math.abs(amount - middle)))
    const far = Math.max(FAR * usual, FAR_PART * Math.abs(middle))
    return numbers.map((amount) => (Math.abs(amount - middle) <= far ? null : amount > middle ? 'high' : 'low'))
  }
  const count = new Map<string | undefined, number>()
  for (const text of column) count.set(text, (count.get(text) ?? 0) + 1)
  const most = Math.max(...count.values())
  if (most < column.length * MOSTLY) return none
  return column.map((text) => (count.get(text) === most ? null : 'other'))
}

type Asked = { run: { workflow: string }; step: string }

/** Whether two are asked by the same step of the same workflow. */
export const alike = (one: Asked, other: Asked): boolean =>
  one.run.workflow === other.run.workflow && one.step === other.step

/** The labels of facts, in the order they first come. */
export function columnsOf(items: readonly { facts: readonly { label: string }[] }[]): string[] {
  return [...new Set(items.flatMap((item) => item.facts.map((fact) => fact.label)))]
}
