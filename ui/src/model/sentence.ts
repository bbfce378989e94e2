/** Which of several things is nearest to what a sentence asks for. */

export type Candidate = {
  id: string
  /** What it is called, and in one sentence what it does. */
  name: string
  description: string
  /** What is in it: titles of steps, connectors, channels, whose yes. */
  parts: readonly string[]
}
export type Match = {
  id: string
  /** Words of the sentence it has, and those it has not, as they were written. */
  found: string[]
  missing: string[]
  score: number
}

const SMALL = new Set(
  (
    'a an and any are as at be by do for from has have he her his i if in is it its me my of on or our she so some ' +
    'that the their them then there they this to us want we when who will with you your'
  ).split(' '),
)
/** Words people use for the same thing. */
const ALIKE: readonly (readonly string[])[] = [
  ['refund', 'money', 'payback', 'reimburse', 'goodwill'],
  ['approval', 'approve', 'manager', 'boss'],
  ['late', 'delay', 'delayed', 'delivery', 'shipping', 'parcel'],
  ['cancel', 'delete', 'deletion', 'close', 'remove'],
  ['upgrade', 'subscription', 'plan'],
  ['complaint', 'complain', 'angry', 'escalate', 'escalation'],
  ['discount', 'coupon', 'rebate', 'offer'],
  ['identity', 'verify', 'kyc', 'document', 'passport'],
  ['return', 'label', 'exchange'],
  ['address', 'move', 'moved'],
  ['sms', 'text'],
  ['email', 'mail'],
]

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []

/** A word without its ending, as far as English goes. */
const stem = (word: string): string => (word.length > 4 ? word.replace(/(ies|ing|ed|es|s|y)$/, '') : word)

/** The word and what people say for it. */
function meant(word: string): Set<string> {
  const own = stem(word)
  const alike = ALIKE.filter((words) => words.some((one) => stem(one) === own)).flat()
  return new Set([own, ...alike.map(stem)])
}

const NAME = 4
const DESCRIPTION = 2
const PART = 1
/** What another word for the same is worth beside the word itself. */
const OTHER_WORD = 0.5

function match(words: readonly string[], { id, name, description, parts }: Candidate): Match {
  const places: [number, Set<string>][] = [
    [NAME, new Set(wordsOf(name).map(stem))],
    [DESCRIPTION, new Set(wordsOf(description).map(stem))],
    [PART, new Set(parts.flatMap(wordsOf).map(stem))],
  ]
  const worth = (word: string): number => {
    const all = [...meant(word)]
    const best = (of: readonly string[]) =>
      Math.max(0, ...places.filter(([, has]) => of.some((one) => has.has(one))).map(([weight]) => weight))
    return Math.max(best([stem(word)]), best(all) * OTHER_WORD)
  }
  const found = words.filter((word) => worth(word) > 0)
  return {
    id,
    found,
    missing: words.filter((word) => !found.includes(word)),
    score: found.reduce((sum, word) => sum + worth(word), 0),
  }
}

/** What fits the sentence, the nearest first; nothing of it: not in the list. */
export function nearest(sentence: string, candidates: readonly Candidate[]): Match[] {
  const words = [...new Set(wordsOf(sentence))].filter((word) => !SMALL.has(word))
  return candidates
    .map((candidate) => match(words, candidate))
    .filter((one) => one.score > 0)
    .sort((one, other) => other.score - one.score || one.missing.length - other.missing.length)
}
