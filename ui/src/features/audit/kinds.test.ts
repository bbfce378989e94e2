import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { strings } from './strings'

const table = new URL('../../../../crates/server/src/api/audit/sentences.rs', import.meta.url)
const written = [...readFileSync(table, 'utf8').matchAll(/^ {4}\("([a-z_]+\.[a-z_]+)", /gm)].map(
  ([, kind]) => kind ?? '',
)
const offered = Object.keys(strings.kinds)

it('every kind of entry that the server writes can be asked for', () => {
  expect(written.length).toBeGreaterThan(70)
  expect(written.filter((kind) => !offered.some((begin) => kind.startsWith(begin)))).toEqual([])
})

it('no kind is offered that the server never writes', () => {
  expect(offered.filter((begin) => !written.some((kind) => kind.startsWith(begin)))).toEqual([])
})
