import { Document, isSeq, visit } from 'yaml'
import type { WorkflowDocument } from './document'

/** The document as people write it. */
export function toYaml(document: WorkflowDocument): string {
  const text = new Document(document)
  // Positions and short lists of names read better on one line.
  visit(text, {
    Seq: (_, list) =>
      void (list.flow =
        isSeq(list) &&
        list.items.length <= 6 &&
        JSON.stringify(list).length < 80 &&
        !JSON.stringify(list).includes('{')),
  })
  return text.toString({ lineWidth: 110, flowCollectionPadding: false })
}
