/** The longest name of a test case, characters. */
export const TEST_NAME_MAX = 200

/**
 * A name for a run that is copied as a test case: its workflow, and the end of its id, which tells runs apart that
 * began together.
 */
export function testName(workflow: string, run: string): string {
  const end = ` · ${run.slice(-8)}`
  return (
    [...workflow]
      .slice(0, TEST_NAME_MAX - [...end].length)
      .join('')
      .trimEnd() + end
  )
}
