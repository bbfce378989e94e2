/** Which messages start a run, as words and channels; both ways to the condition's text. */

export type MessageRule = {
  /** Of each group some word must be in the message, in small letters. */
  words: string[][]
  /** Any channel when empty. */
  channels: string[]
}

const STRING = `"(?:[^"\\\\]|\\\\.)*"|'[^'\\\\]*'`
const CONTAINS = `\\$contains\\(\\s*\\$lowercase\\(\\s*text\\s*\\)\\s*,\\s*(?:${STRING})\\s*\\)`
const EITHER = `${CONTAINS}(?:\\s+or\\s+${CONTAINS})*`
const CHANNEL = `channel\\s*(?:=\\s*(?:${STRING})|in\\s*\\[\\s*(?:(?:${STRING})\\s*,?\\s*)*\\])`
const CLAUSE = `(?:\\(\\s*${EITHER}\\s*\\)|${CONTAINS}|${CHANNEL})`
const WHOLE = new RegExp(`^${CLAUSE}(?:\\s+and\\s+${CLAUSE})*$`)
const ONE_GROUP = new RegExp(`^${EITHER}$`)

function stringsIn(text: string): string[] {
  return (text.match(new RegExp(STRING, 'g')) ?? []).map((literal) =>
    literal.startsWith('"') ? (JSON.parse(literal) as string) : literal.slice(1, -1),
  )
}

/** The words and channels a condition says; `null` when it says more than that. */
export function readMessageRule(text: string): MessageRule | null {
  const condition = text.trim()
  if (condition === '' || condition === 'true') return { words: [], channels: [] }
  if (ONE_GROUP.test(condition)) return { words: [stringsIn(condition)], channels: [] }
  if (!WHOLE.test(condition)) return null
  const rule: MessageRule = { words: [], channels: [] }
  for (const [clause] of condition.matchAll(new RegExp(CLAUSE, 'g'))) {
    if (!clause.startsWith('channel')) rule.words.push(stringsIn(clause))
    // Two conditions on the channel are no list of channels.
    else if (rule.channels.length > 0) return null
    else rule.channels = stringsIn(clause)
  }
  return rule
}

const quoted = (word: string) => (/['\\\n\r\t]/.test(word) ? JSON.stringify(word) : `'${word}'`)
const contains = (word: string) => `$contains($lowercase(text), ${quoted(word.toLowerCase())})`

/** The condition of words and channels; every message when there are none. */
export function writeMessageRule({ words, channels }: MessageRule): string {
  const groups = words.filter((group) => group.length > 0)
  const only = groups.length === 1 && channels.length === 0
  const clauses = groups.map((group) => {
    const text = group.map(contains).join(' or ')
    return group.length > 1 && !only ? `(${text})` : text
  })
  if (channels.length === 1) clauses.push(`channel = ${JSON.stringify(channels[0])}`)
  if (channels.length > 1) clauses.push(`channel in ${JSON.stringify(channels)}`)
  return clauses.length > 0 ? clauses.join(' and ') : 'true'
}
