// Fails the build when the JavaScript a first visit has to load grows past its budget.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const BUDGET_BYTES = 250 * 1024
const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist)))
const seen = new Set()
const collect = (name) => {
  if (seen.has(name)) return
  seen.add(name)
  for (const imported of manifest[name].imports ?? []) collect(imported)
}
collect('index.html')
const total = [...seen].reduce(
  (sum, name) => sum + gzipSync(readFileSync(new URL(manifest[name].file, dist))).length,
  0,
)
console.log(`initial JavaScript: ${(total / 1024).toFixed(1)} kB gzipped of ${BUDGET_BYTES / 1024}`)
if (total > BUDGET_BYTES) process.exit(1)
