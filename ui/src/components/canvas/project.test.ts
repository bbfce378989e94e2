import { expect, it } from 'vitest'
import { asDocument, type WorkflowDocument } from '@/model/document'
import { canvasEdges, nodesOf, reusingEdges, reusingNodes } from './project'

/** Five steps in a row, far enough apart that no line has to go around. */
function row(y = 0): WorkflowDocument {
  const step = (next: string, x: number) => ({
    type: 'notify',
    channels: ['conversation'],
    body: '',
    next,
    position: [x, 0],
  })
  return asDocument({
    schema: 1,
    name: 'Row',
    start: 'a',
    steps: {
      a: step('b', 0),
      b: step('c', 400),
      c: step('d', 800),
      d: step('e', 1200),
      e: { type: 'end', status: 'completed', position: [1600, y] },
    },
  })
}

it('draws again only what a moved card changes', () => {
  const before = row()
  const after = { ...before, steps: { ...before.steps, e: row(300).steps.e as never } }
  const [nodes, edges] = [reusingNodes(), reusingEdges()]
  const [oldNodes, oldEdges] = [
    nodes(nodesOf(before, { editable: true })),
    edges(canvasEdges(before, { editable: true })),
  ]
  const [newNodes, newEdges] = [
    nodes(nodesOf(after, { editable: true })),
    edges(canvasEdges(after, { editable: true })),
  ]
  expect(newNodes.filter((node, index) => node !== oldNodes[index]).map((node) => node.id)).toEqual(['e'])
  expect(newEdges.filter((edge, index) => edge !== oldEdges[index]).map((edge) => edge.id)).toEqual(['d:next'])
})

it('gives the same list when nothing changed, so that nothing is drawn', () => {
  const [nodes, edges] = [reusingNodes(), reusingEdges()]
  const document = row()
  const [first, lines] = [nodes(nodesOf(document, {})), edges(canvasEdges(document, {}))]
  expect(nodes(nodesOf(document, {}))).toBe(first)
  expect(edges(canvasEdges(document, {}))).toBe(lines)
})
