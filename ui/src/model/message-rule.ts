/** Which messages start a run, as words, channels and whether they are the first; both ways to the condition's text. */

/** By what messages come: the chat of our own pages, and the channels outside. */
export const CHANNELS = ['web', 'whatsapp', 'telegram', 'sms', 'email']

export type MessageRule = {
  /** Of each group some word must be in the message, in small letters. */
  words: string[][]
  /** Any channel when empty. */
  channels: string[]
  /** Only the first of a customer in a conversation. */
  first: boolean
}

const STRING = `"(?:[^"\\\\]|\\\\.)*"|'[^'\\\\]*'`
const CONTAINS = `\\$contains\\(\\s*\\$lowercase\\(\\s*text\\s*\\)\\s*,\\s*(?:${STRING})\\s*\\)`
const EITHER = `${CONTAINS}(?:\\s+or\\s+${CONTAINS})*`
const CHANNEL = `channel\\s*(?:=\\s*(?:${STRING})|in\\s*\\[\\s*(?:(?:${STRING})\\s*,?\\s*)*\\])`
const CLAUSE = `(?:\\(\\s*${EITHER}\\s*\\)|${CONTAINS}|${CHANNEL}|first\\b)`
const WHOLE = new RegExp(`^${CLAUSE}(?:\\s+and\\s+${CLAUSE})*$`)
const ONE_GROUP = new RegExp(`^${EITHER}$`)

function stringsIn(text: string): string[] {
  return (text.match(new RegExp(STRING, 'g')) ?? []).map((literal) =>
    literal.startsWith('"') ? (JSON.parse(literal) as string) : literal.slice(1, -1),
  )
}

/** What a condition says of words, channels and the first message; `null` when it says more than that. */
export function readMessageRule(text: string): MessageRule | null {
  const condition = text.trim()
  if (condition === '' || condition === 'true') return { words: [], channels: [], first: false }
  if (ONE_GROUP.test(condition)) return { words: [stringsIn(condition)], channels: [], first: false }
  if (!WHOLE.test(condition)) return null
  const rule: MessageRule = { words: [], channels: [], first: false }
  for (const [clause] of condition.matchAll(new RegExp(CLAUSE, 'g'))) {
    if (clause === 'first') rule.first = true
    else if (!clause.startsWith('channel')) rule.words.push(stringsIn(clause))
    // Two conditions on the channel are no list of channels.
    else if (rule.channels.length > 0) return null
    else rule.channels = stringsIn(clause)
  }
  return rule.channels.every((channel) => CHANNELS.includes(channel)) ? rule : null
}

const quoted = (word: string) => (/['\\\n\r\t]/.test(word) ? JSON.stringify(word) : `'${word}'`)
const contains = (word: string) => `$contains($lowercase(text), ${quoted(word.toLowerCase())})`

/** The condition of a rule; every message when it says nothing. */
export function writeMessageRule({ words, channels, first }: MessageRule): string {
  const groups = words.filter((group) => group.length > 0)
  const only = groups.length === 1 && channels.length === 0 && !first
  const clauses = groups.map((group) => {
    const text = group.map(contains).join(' or ')
    return group.length > 1 && !only ? `(${text})` : text
  })
  if (channels.length === 1) clauses.push(`channel = ${JSON.stringify(channels[0])}`)
  if (channels.length > 1) clauses.push(`channel in ${JSON.stringify(channels)}`)
  if (first) clauses.push('first')
  return clauses.length > 0 ? clauses.join(' and ') : 'true'
}
