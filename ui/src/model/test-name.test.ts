import { describe, expect, it } from 'vitest'
import { TEST_NAME_MAX, testName } from './test-name'

describe('testName', () => {
  it('names the workflow and the run', () => {
    expect(testName('Subscription Upgrade', '01890a5d-ac96-774b-bcce-b302099a8057')).toBe(
      'Subscription Upgrade · 099a8057',
    )
    expect(testName('Upgrade', 'r1')).toBe('Upgrade · r1')
  })

  it('stays within what a name may be, and cuts no character in two', () => {
    const name = testName('🙂'.repeat(300), '01890a5d-ac96-774b-bcce-b302099a8057')
    expect([...name]).toHaveLength(TEST_NAME_MAX)
    expect(name.endsWith('🙂 · 099a8057')).toBe(true)
    expect(testName(`${'a'.repeat(188)} b`, '01890a5d-ac96-774b-bcce-b302099a8057')).toBe(
      `${'a'.repeat(188)} · 099a8057`,
    )
  })
})
