import type { ChatView } from '@/api/types'

/** What was read before stays in front where it reaches to what is read now: a later look takes no message back. */
export function joined(before: ChatView | undefined, now: ChatView): ChatView {
  const first = now.messages[0]
  if (!before || !first) return now
  const reaches = before.messages.some((message) => message.position >= first.position - 1)
  const kept = reaches ? before.messages.filter((message) => message.position < first.position) : []
  return kept.length === 0 ? now : { ...now, messages: [...kept, ...now.messages], has_older: before.has_older }
}

/** The same with a page of earlier messages in front. */
export function withEarlier(view: ChatView, earlier: ChatView): ChatView {
  const first = view.messages[0]?.position ?? Infinity
  const kept = earlier.messages.filter((message) => message.position < first)
  return { ...view, messages: [...kept, ...view.messages], has_older: kept.length > 0 && earlier.has_older }
}
