/** The name as that of a file, with its ending. */
export function fileName(name: string, ending: string): string {
  return `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-') || 'workflow'}.${ending}`
}

/** Hands a text to the browser as a file to keep. */
export function download(name: string, text: string, kind: 'yaml' | 'json' | 'x-ndjson'): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: `application/${kind}` }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
