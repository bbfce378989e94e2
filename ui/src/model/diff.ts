export type DiffLine = { kind: 'same' | 'added' | 'removed' | 'hunk'; text: string; from?: number; to?: number }

/** Lines of a unified diff with their numbers on both sides. */
export function parseDiff(text: string): DiffLine[] {
  let from = 1
  let to = 1
  const lines = text.endsWith('\n') ? text.slice(0, -1).split('\n') : text.split('\n')
  return lines.flatMap((line): DiffLine[] => {
    if (line.startsWith('---') || line.startsWith('+++') || line.startsWith('\\')) return []
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(line)
    if (hunk) {
      from = Number(hunk[1])
      to = Number(hunk[2])
      return [{ kind: 'hunk', text: line }]
    }
    if (line.startsWith('+')) return [{ kind: 'added', text: line.slice(1), to: to++ }]
    if (line.startsWith('-')) return [{ kind: 'removed', text: line.slice(1), from: from++ }]
    return [{ kind: 'same', text: line.slice(1), from: from++, to: to++ }]
  })
}
