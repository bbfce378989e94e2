/** Several requests of one step side by side: what they have in common, and what stands out. */

/** How far from the median an amount is before it stands out: so many times the usual distance, and half the median. */
const FAR = 3
const FAR_PART = 0.5
/** From so many on there is something usual to differ from. */
const ENOUGH = 3
/** A value stands out when so many of all have another. */
const MOSTLY = 0.6

/** The one number in a text such as `$1,234.50` or `12 %`; nothing where there is none, or more than one. */
export function amountIn(text: string): number | null {
  // What is counted through is no amount.
  if (/[#№]/.test(text)) return null
  const found = text.match(/-?\d[\d,.' ]*/g)
  if (found?.length !== 1) return null
  const digits = found[0].replace(/[' ]/g, '').replace(/[.,]$/, '')
  // A comma before two digits at the end is a decimal one, any other separates thousands.
  const plain =
    /^-?\d{1,3}(\.\d{3})*,\d{1,2}$/.test(digits) || /^-?\d+,\d{1,2}$/.test(digits)
      ? digits.replaceAll('.', '').replace(',', '.')
      : digits.replaceAll(',', '')
  const number = Number(plain)
  return Number.isFinite(number) ? number : null
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
  const amounts = column.map((text) => (text === undefined ? null : amountIn(text)))
  const words = column.map((text) => text?.replace(/-?\d[\d,.' ]*/g, '#').trim())
  // Amounts only where everything around the numbers is the same: two currencies are not compared.
  if (amounts.every((amount) => amount !== null) && new Set(words).size === 1) {
    const middle = median(amounts)
    const usual = median(amounts.map((amount) => Math.abs(amount - middle)))
    const far = Math.max(FAR * usual, FAR_PART * Math.abs(middle))
    return amounts.map((amount) => (Math.abs(amount - middle) <= far ? null : amount > middle ? 'high' : 'low'))
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
