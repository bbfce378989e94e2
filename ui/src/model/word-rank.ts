/**
 * How well an entry of a list is found, from 0 (not at all) to 1: every word that was typed must stand in it, in
 * any order. What begins with the text comes first, then what has it in one piece. It is a `filter` of cmdk.
 */
export function wordRank(value: string, typed: string, keywords: string[] = []): number {
  const text = [value, ...keywords].join(' ').toLowerCase()
  const wanted = typed.trim().toLowerCase()
  if (text.startsWith(wanted)) return 1
  if (text.includes(wanted)) return 0.8
  return wanted.split(/\s+/).every((word) => text.includes(word)) ? 0.5 : 0
}
