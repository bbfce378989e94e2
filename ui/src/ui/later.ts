/** Does it after a pause, unless what is given back is called before. */
export function later(work: () => void, pauseMs: number): () => void {
  const timer = setTimeout(work, pauseMs)
  return () => clearTimeout(timer)
}
