import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { riskOf, type Risk, type Risky } from './risk'

// `crates/core/tests/vectors.rs` reads the same file: the builder and the checks say the same.
const FILE = new URL('../../../crates/core/tests/vectors/risk.json', import.meta.url)
type Vectors = Risky & { cases: { input: unknown; default?: string; risk: Risk }[] }

describe('the risk of what is written', () => {
  const { risk, risk_by, cases } = JSON.parse(readFileSync(FILE, 'utf8')) as Vectors
  for (const one of cases)
    it(JSON.stringify([one.input, one.default]), () => {
      const method = one.default === undefined ? {} : { default: one.default }
      expect(riskOf({ risk, risk_by, input: { properties: { method } } }, one.input)).toBe(one.risk)
    })
})
