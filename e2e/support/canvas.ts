import type { Page } from '@playwright/test'

/** Lines that do not start at their handle, by id, with how far off they are in pixels of the document. */
export function looseEnds(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const viewport = document.querySelector<HTMLElement>('.react-flow__viewport') as HTMLElement
    const { a: zoom, e, f } = new DOMMatrix(getComputedStyle(viewport).transform)
    const pane = (document.querySelector('.react-flow') as HTMLElement).getBoundingClientRect()
    return [...document.querySelectorAll<HTMLElement>('.react-flow__edge')].flatMap((edge) => {
      const id = edge.dataset.id ?? ''
      const at = id.indexOf(':')
      const handle = document.querySelector(
        `.react-flow__node[data-id="${id.slice(0, at)}"] ` +
          `.react-flow__handle.source[data-handleid="${id.slice(at + 1)}"]`,
      )
      const start = /^M\s*([\d.-]+)[ ,]+([\d.-]+)/.exec(edge.querySelector('path')?.getAttribute('d') ?? '')
      if (!handle || !start) return [`${id}: no handle`]
      const box = handle.getBoundingClientRect()
      const x = (box.x + box.width / 2 - pane.x - e) / zoom
      const off = Math.abs(Number(start[1]) - x)
      return off > 2 ? [`${id}: ${off.toFixed(1)}`] : []
    })
  })
}

/** Lines that pass behind a card other than their own two. */
export function hiddenLines(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const viewport = document.querySelector<HTMLElement>('.react-flow__viewport') as HTMLElement
    const { a: zoom, e, f } = new DOMMatrix(getComputedStyle(viewport).transform)
    const pane = (document.querySelector('.react-flow') as HTMLElement).getBoundingClientRect()
    const cards = [...document.querySelectorAll<HTMLElement>('.react-flow__node')].map((node) => {
      const box = node.getBoundingClientRect()
      return {
        left: (box.x - pane.x - e) / zoom,
        top: (box.y - pane.y - f) / zoom,
        right: (box.right - pane.x - e) / zoom,
        bottom: (box.bottom - pane.y - f) / zoom,
        id: node.dataset.id,
      }
    })
    return [...document.querySelectorAll<HTMLElement>('.react-flow__edge')].flatMap((edge) => {
      const path = edge.querySelector('path') as SVGPathElement
      const length = path.getTotalLength()
      for (let at = 8; at < length - 8; at += 4) {
        const { x, y } = path.getPointAtLength(at)
        const card = cards.find((one) => x > one.left + 2 && x < one.right - 2 && y > one.top + 2 && y < one.bottom - 2)
        if (card) return [`${edge.dataset.id} behind ${card.id}`]
      }
      return []
    })
  })
}
