/** Messages as they are read: the newest ones, and whether there are older. */
type Read = { messages: readonly { position: number }[]; has_older: boolean }

/** What was read before stays in front where it reaches to what is read now: a later look takes no message back. */
export function joined<R extends Read>(before: R | undefined, now: R): R {
  const first = now.messages[0]
  if (!before || !first) return now
  const reaches = before.messages.some((message) => message.position >= first.position - 1)
  const kept = reaches ? before.messages.filter((message) => message.position < first.position) : []
  return kept.length === 0 ? now : { ...now, messages: [...kept, ...now.messages], has_older: before.has_older }
}

/** The same with a page of earlier messages in front. */
export function withEarlier<R extends Read>(read: R, earlier: R): R {
  const first = read.messages[0]?.position ?? Infinity
  const kept = earlier.messages.filter((message) => message.position < first)
  return { ...read, messages: [...kept, ...read.messages], has_older: kept.length > 0 && earlier.has_older }
}
