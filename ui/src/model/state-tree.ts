/** Which places of a state changed, and which hold a changed one. */
export type Marks = { changed: ReadonlyMap<string, 'added' | 'removed' | 'changed'>; above: ReadonlySet<string> }

export function marks(changes: readonly { pointer: string; kind: 'added' | 'removed' | 'changed' }[]): Marks {
  const above = new Set<string>()
  for (const { pointer } of changes) {
    for (let at = pointer.lastIndexOf('/'); at >= 0; at = pointer.lastIndexOf('/', at - 1)) {
      above.add(pointer.slice(0, at))
      if (at === 0) break
    }
  }
  return { changed: new Map(changes.map((change) => [change.pointer, change.kind])), above }
}

/** The name an expression would use for a place of the state; none for what expressions do not see. */
export function expressionFor(pointer: string): string | null {
  const parts = pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const seen = parts[0] === 'vars' ? parts.slice(1) : parts
  if (seen.length === 0 || seen[0] === '' || parts[0] === 'approved' || parts[0] === 'now') return null
  return seen
    .map((part, index) => {
      if (index > 0 && /^\d+$/.test(part)) return `[${part}]`
      const name = /^[A-Za-z_][A-Za-z0-9_]*$/.test(part) ? part : `\`${part}\``
      return index === 0 ? name : `.${name}`
    })
    .join('')
}
