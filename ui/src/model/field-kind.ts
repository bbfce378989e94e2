/**
 * What a form can ask for, by the shape of its schema: the same kinds as the server's (`core/src/run/form_fields.rs`),
 * which the golden vectors hold together.
 */
import { isObject, jsonEqual, type Json, type JsonObject } from './json'

export type FieldKind =
  | 'summary'
  | 'consent'
  | 'yes_no'
  | 'rating'
  | 'choice'
  | 'several'
  | 'file'
  | 'group'
  | 'list'
  | 'number'
  | 'money'
  | 'email'
  | 'phone'
  | 'link'
  | 'date'
  | 'time'
  | 'secret'
  | 'long'
  | 'text'
  | 'other'

/** The most a rating goes up to. */
export const RATING_MAX = 10
const LINE_MAX = 200

const FORMATS: Record<string, FieldKind> = {
  money: 'money',
  email: 'email',
  phone: 'phone',
  uri: 'link',
  date: 'date',
  time: 'time',
  password: 'secret',
  binary: 'other',
  textarea: 'long',
}

/** The type of a value that is not null; text where none is told. */
function typeOf(field: JsonObject): string {
  if (typeof field.type === 'string') return field.type
  const some = Array.isArray(field.type)
    ? field.type.find((one) => typeof one === 'string' && one !== 'null')
    : undefined
  return typeof some === 'string' ? some : 'string'
}

/** Labels and values that `enum` or `oneOf` lists. */
function listed(field: JsonObject): { label: string; value: Json }[] | null {
  const label = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  if (Array.isArray(field.enum)) return field.enum.map((value) => ({ label: label(value), value }))
  if (!Array.isArray(field.oneOf)) return null
  const ways = field.oneOf.map((way) =>
    isObject(way) && 'const' in way ? { label: label(way.title ?? way.const), value: way.const ?? null } : null,
  )
  return ways.every((way) => way !== null) ? ways : null
}

/** Labels and values of a field with choices. */
export const choicesListed = (field: unknown) => (isObject(field) ? listed(field) : null)

/** What a rating goes up to, where a field is one. */
export function ratingMost(field: unknown): number | null {
  if (!isObject(field) || field.format !== 'rating' || field.minimum !== 1) return null
  const most = field.maximum
  return typeof most === 'number' && Number.isInteger(most) && most >= 2 && most <= RATING_MAX ? most : null
}

/** Whether a field is agreed to and nothing else; a form draws it with `enum` for `const`. */
const agreed = (field: JsonObject) =>
  field.const === true || (Array.isArray(field.enum) && field.enum.length === 1 && field.enum[0] === true)

/** The kind of a field. */
export function fieldKind(schema: unknown): FieldKind {
  const field: JsonObject = isObject(schema) ? schema : {}
  const format = typeof field.format === 'string' ? field.format : ''
  const type = typeOf(field)
  if (type === 'null') return 'summary'
  if (type === 'boolean') return agreed(field) ? 'consent' : 'yes_no'
  if (type === 'array') return isObject(field.items) && fieldKind(field.items) === 'choice' ? 'several' : 'list'
  if (listed(field)) return 'choice'
  if (format === 'data-url') return 'file'
  if (type === 'object') return 'group'
  if (type === 'integer' && ratingMost(field) !== null) return 'rating'
  if (type === 'integer' || type === 'number') return 'number'
  if (type !== 'string') return 'other'
  if (Object.hasOwn(FORMATS, format)) return FORMATS[format] ?? 'text'
  return typeof field.maxLength === 'number' && field.maxLength > LINE_MAX ? 'long' : 'text'
}

/** The currencies of ISO 4217 that do not have two decimals. Browsers go by habit: Hungary's have none there. */
const DECIMALS: [decimals: number, currencies: string][] = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
]

/** How many decimals amounts of a currency have. */
export function decimalsOf(currency: string): number {
  return DECIMALS.find(([, all]) => all.split(' ').includes(currency))?.[0] ?? 2
}

/** What an amount of a currency looks like as it is kept. */
export function amountPattern(currency: string): string {
  const decimals = decimalsOf(currency)
  return decimals === 0 ? '^(0|[1-9]\\d{0,11})$' : `^(0|[1-9]\\d{0,11})(\\.\\d{1,${decimals}})?$`
}

/** An amount as it is kept. */
export const exampleAmount = (currency: string): string => {
  const decimals = decimalsOf(currency)
  return decimals === 0 ? '42' : `42.${'6'.padEnd(decimals, '0')}`
}

/** The amount that somebody wrote, with all its decimals; `null` for what is none or can be read in two ways. */
export function readAmount(words: string, currency: string): string | null {
  const decimals = decimalsOf(currency)
  const bare = withoutCurrency(words, currency)
  // Without decimals both signs can only group.
  const found = decimals === 0 ? [bare, bare] : /^(.*?)(?:([.,])(\d+))?$/s.exec(bare)
  const [, whole = '', sign, after = ''] = found ?? []
  if (after.length > decimals) return null
  // `1,000` of three decimals is one, or a thousand; `1.000` is how one is kept.
  if (sign === ',' && after.length === 3 && /^[1-9]\d{0,2}$/.test(whole)) return null
  const other = decimals === 0 ? (/[.,]/.exec(bare)?.[0] ?? '') : sign === undefined ? '' : sign === '.' ? ',' : '.'
  const groups = whole.split(new RegExp(`[ \\u00a0\\u202f'${other}]`))
  const [first = '', ...rest] = groups
  const grouped = rest.length > 0
  const fits = grouped
    ? /^[1-9]\d{0,2}$/.test(first) && rest.every((one) => /^\d{3}$/.test(one))
    : /^\d{1,12}$/.test(first)
  const digits = groups.join('').replace(/^0+(?=\d)/, '')
  if (!fits || groups.join('').length > 12) return null
  return decimals === 0 ? digits : `${digits}.${after.padEnd(decimals, '0')}`
}

/** Without the currency's code or sign before or after it; another currency's stays. */
function withoutCurrency(words: string, currency: string): string {
  const text = words.trim()
  let sign = ''
  try {
    const shown = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'narrowSymbol' })
    sign = shown.formatToParts(0).find((part) => part.type === 'currency')?.value ?? ''
  } catch {
    // No currency: nothing stands beside the amount.
  }
  for (const beside of [currency, sign].filter((one) => one !== '')) {
    const same = (part: string) => part.toLowerCase() === beside.toLowerCase()
    if (same(text.slice(0, beside.length))) return text.slice(beside.length).trim()
    if (same(text.slice(-beside.length))) return text.slice(0, -beside.length).trim()
  }
  return text
}

/** An answer as people read it; `null` where the value says it itself. */
export function answerText(schema: unknown, value: unknown): string | null {
  const field: JsonObject = isObject(schema) ? schema : {}
  const kind = fieldKind(field)
  const label = (of: unknown, one: unknown) => choicesListed(of)?.find((choice) => jsonEqual(choice.value, one))?.label
  if (kind === 'money' && typeof value === 'string')
    return `${value} ${typeof field.currency === 'string' ? field.currency : ''}`.trim()
  if (kind === 'rating' && typeof value === 'number') return `${value}/${ratingMost(field)}`
  if (kind === 'choice') return label(field, value) ?? null
  if (kind === 'several' && Array.isArray(value))
    return value.map((one) => label(field.items, one) ?? JSON.stringify(one)).join(', ')
  return null
}
