/** A file as the answer to a field: a data URL that says its name. */

/** The most bytes of one file that a form takes. */
export const FILE_BYTES_MAX = 1024 * 1024

const HEAD = /^data:([^;,]*)((?:;[^;,]*)*),/

/** Whether a value is the whole of a file. */
export function isFile(value: string): boolean {
  return /^data:[^,\s]*;base64,/.test(value)
}

/** What a file is called; `null` for what is no file. */
export function fileNameOf(value: unknown): string | null {
  const head = typeof value === 'string' ? HEAD.exec(value) : null
  if (!head) return null
  const name = /;name=([^;,]*)/.exec(head[2] ?? '')?.[1]
  try {
    return name ? decodeURIComponent(name) : (head[1] ?? '')
  } catch {
    return name ?? ''
  }
}

/** The data URL of a file with its name in it, as pages outside of the chat send it. */
export function withFileName(url: string, name: string): string {
  return url.replace(/^data:([^;,]*)/, (head) => `${head};name=${encodeURIComponent(name)}`)
}
