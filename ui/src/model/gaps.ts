/** What of a canned reply is not filled in, as the server finds it: it sends nothing with one. */
const GAP = /\{\{\s*((?:customer|conversation|operator|workspace)(?:\.\w+)+)\s*\}\}/g

/** The variables that stand in a text, each once. */
export function gapsOf(text: string): string[] {
  return [...new Set([...text.matchAll(GAP)].flatMap((found) => found[1] ?? []))]
}

/** Where the first one stands. */
export function firstGap(text: string): [number, number] | undefined {
  const found = text.matchAll(GAP).next().value
  return found && [found.index, found.index + found[0].length]
}
