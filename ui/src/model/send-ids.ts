/** Names what is sent: the same while the same text gets no answer, so that a second press sends nothing twice. */
export function sendIds() {
  let last: { text: string; id: string } | null = null
  return {
    of(text: string): string {
      if (last?.text !== text) last = { text, id: crypto.randomUUID() }
      return last.id
    },
    /** It arrived: the same text is another message now. */
    arrived() {
      last = null
    },
  }
}
