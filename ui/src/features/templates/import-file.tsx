import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import { ApiProblem, problemText } from '@/api/client'
import type { Diagnostic } from '@/api/types'
import { FileDrop } from '@/components/file-drop'
import { pointerParts } from '@/model/json'
import { Button } from '@/ui/button'
import { Note } from '@/ui/states'
import { writes } from './api'
import { strings } from './strings'

const s = strings.import
type Checked = { name: string; source: string; found: Diagnostic[] }

/** The line of the member a pointer leads to, or of the nearest one above it that the text has. */
function lineOf(source: string, pointer: string): number | undefined {
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines })
  for (let path = pointerParts(pointer); path.length > 0; path = path.slice(0, -1)) {
    const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents
    const last = path[path.length - 1]
    const pair = isMap(parent)
      ? parent.items.find((item) => isScalar(item.key) && String(item.key.value) === last)
      : undefined
    const node = pair && isScalar(pair.key) ? pair.key : document.getIn(path, true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return undefined
}

function Problems({ checked }: { checked: Checked }) {
  const shown = checked.found.filter((found) => found.severity !== 'info')
  if (shown.length === 0) return <Note tone="ok">{s.good(checked.name)}</Note>
  return (
    <Note tone={shown.some((found) => found.severity === 'error') ? 'bad' : 'warn'}>
      {s.problems(checked.name)}
      <ul className="mt-1 list-disc pl-5">
        {shown.slice(0, 12).map((found, index) => {
          const line = lineOf(checked.source, found.pointer)
          return (
            <li key={index}>
              {line && <span className="font-mono text-xs">{s.line(line)}: </span>}
              {found.message}
            </li>
          )
        })}
      </ul>
    </Note>
  )
}

/** Takes a workflow from a file: says what is wrong with it and where, then makes a draft of it. */
export function ImportFile({ may }: { may: boolean }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const check = useMutation({
    mutationFn: async (file: File): Promise<Checked> => {
      const source = await file.text()
      const answer = await writes.check({ source })
      return { name: file.name, source, found: answer.diagnostics }
    },
  })
  const create = useMutation({
    mutationFn: (source: string) => writes.createWorkflow({ source }),
    onSuccess: (workflow) => {
      void client.invalidateQueries({ queryKey: ['workflows', 'list'] })
      void navigate({ to: '/workflows/$workflow', params: { workflow: workflow.id } })
    },
  })
  const take = (file: File) => {
    create.reset()
    check.mutate(file)
  }
  const checked = check.data
  const wrong = checked?.found.some((found) => found.severity === 'error') ?? false
  const problem = create.error instanceof ApiProblem ? create.error.problem : undefined
  return (
    <FileDrop
      label={s.title}
      choose={s.choose}
      disabled={!may}
      busy={check.isPending}
      onFile={take}
      more={
        <>
          {check.error && <Note tone="bad">{problemText(check.error)}</Note>}
          {checked && <Problems checked={checked} />}
          {create.error && (
            <Note tone="bad">
              {problem?.line ? `${s.line(problem.line, problem.column)}: ` : ''}
              {problemText(create.error)}
            </Note>
          )}
          {checked && (
            <div>
              <Button look="primary" busy={create.isPending} onClick={() => create.mutate(checked.source)}>
                {wrong ? s.anyway : s.create}
              </Button>
            </div>
          )}
        </>
      }
    >
      <p className="min-w-0 flex-1 text-sm text-muted">{s.text}</p>
    </FileDrop>
  )
}
