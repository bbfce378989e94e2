import { useMemo } from 'react'
import { parse } from 'yaml'
import CodeEditor from '@/components/code-editor'
import { asDocument, type WorkflowDocument } from '@/model/document'
import { isObject } from '@/model/json'
import { replaceDocument } from '@/model/operations/edits'
import { toYaml } from '@/model/yaml'
import { Button } from '@/ui/button'
import { useBuilder, useDocument, useView } from './context'
import { strings } from './strings'

const s = strings.yaml

function read(text: string): { document: WorkflowDocument } | { error: string } {
  try {
    const value: unknown = parse(text)
    if (!isObject(value) || !isObject(value.steps)) return { error: s.noDocument }
    const bad = Object.entries(value.steps).find(([, step]) => !isObject(step) || typeof step.type !== 'string')
    return bad ? { error: s.noStep(bad[0]) } : { document: asDocument(value) }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

/** The document as text; what is typed becomes the draft when it is applied. */
export default function YamlView({ editable }: { editable: boolean }) {
  const builder = useBuilder()
  const document = useDocument()
  const current = useMemo(() => toYaml(document), [document])
  // Kept with the view: who looks at the graph in between finds the text again.
  const written = useView((view) => view.text)
  const draft = written?.text ?? null
  const write = (text: string | null) =>
    builder.show({ text: text === null ? null : { text, of: builder.view.get().text?.of ?? document } })
  const parsed = draft === null || draft === current ? null : read(draft)
  const apply = () => {
    if (!parsed || !('document' in parsed)) return
    builder.perform(replaceDocument(document, parsed.document))
    write(null)
  }
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="min-h-0 flex-1">
        <CodeEditor label={strings.views.yaml} value={draft ?? current} onChange={editable ? write : undefined} />
      </div>
      {parsed && (
        <div className="flex items-center gap-2 border-t border-line bg-sunken px-4 py-2">
          {'error' in parsed ? (
            <p role="alert" className="min-w-0 flex-1 truncate text-sm text-bad">
              {parsed.error}
            </p>
          ) : (
            <p className="flex-1 text-sm text-muted">{written && written.of !== document ? s.overtaken : s.changed}</p>
          )}
          <Button onClick={() => write(null)}>{s.discard}</Button>
          <Button look="primary" disabled={'error' in parsed} onClick={apply}>
            {s.apply}
          </Button>
        </div>
      )}
    </div>
  )
}
