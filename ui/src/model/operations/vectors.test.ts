import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { asDocument, type WorkflowDocument } from '../document'
import { exitPath, exitsOf } from '../exits'
import { FUNCTIONS } from '../expression/functions'
import { edgesOf, unreachable } from '../graph'
import { apply, invert } from './apply'
import type { Operation } from './types'

// `crates/core/tests/vectors.rs` reads the same file: both sides must see the same connections, places and names.
const FILE = new URL('../../../../crates/core/tests/vectors/operations.json', import.meta.url)
type Case = {
  name: string
  operations: Operation[]
  result: WorkflowDocument
  edges: [string, string, string][]
  nowhere: string[]
  unreachable: string[]
}
type Vectors = { functions: string[]; document: WorkflowDocument; cases: Case[] }

function seen(document: WorkflowDocument): Pick<Case, 'edges' | 'nowhere' | 'unreachable'> {
  const nowhere = Object.entries(document.steps).flatMap(([id, step]) =>
    exitsOf(step)
      .filter((way) => !way.optional && (way.target === null || !Object.hasOwn(document.steps, way.target)))
      .map((way) => `/steps/${id}/${exitPath(step, way.name).replaceAll('.', '/')}`),
  )
  return {
    edges: edgesOf(document).map((edge) => [edge.from, edge.exit, edge.to]),
    nowhere: nowhere.sort(),
    unreachable: [...unreachable(document)].sort(),
  }
}

const read = () => JSON.parse(readFileSync(FILE, 'utf8')) as Vectors
const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown

if (process.env.UPDATE_VECTORS) {
  const old = read()
  const cases = old.cases.map(({ name, operations }) => {
    const result = operations.reduce(apply, asDocument(old.document))
    return { name, operations, result, ...seen(result) }
  })
  writeFileSync(
    FILE,
    `${JSON.stringify({ functions: Object.keys(FUNCTIONS), document: old.document, cases }, null, 1)}\n`,
  )
}

describe('golden vectors', () => {
  const { functions, document, cases } = read()
  it('name the same functions', () => {
    expect(Object.keys(FUNCTIONS)).toEqual(functions)
  })
  for (const one of cases) {
    it(one.name, () => {
      const result = one.operations.reduce(apply, asDocument(document))
      expect(plain(result)).toEqual(one.result)
      expect(Object.keys(result.steps)).toEqual(Object.keys(one.result.steps))
      expect(seen(result)).toEqual({ edges: one.edges, nowhere: one.nowhere, unreachable: one.unreachable })
      const back = invert(asDocument(document), { op: 'batch', name: 'all', operations: one.operations })
      expect(plain(apply(result, back))).toEqual(plain(asDocument(document)))
    })
  }
})
