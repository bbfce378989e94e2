import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Download, FlaskConical, Route, Play as PlayIcon, Trash2, Upload } from 'lucide-react'
import { useRef } from 'react'
import { ApiProblem, problemText } from '@/api/client'
import { queries } from '@/api/queries'
import type { Script, TestCase, TestResult } from '@/api/types'
import { QueryState } from '@/app/query-state'
import { useMay } from '@/app/session'
import { TestLine } from '@/components/test-results'
import type { WorkflowDocument } from '@/model/document'
import { Button, IconButton } from '@/ui/button'
import { download, fileName } from '@/ui/download'
import { Empty, Note } from '@/ui/states'
import { toast } from '@/ui/toast'
import { reads, writes } from './api'
import { strings } from './strings'

const s = strings.tests

/** Where in the file it is wrong, and what. */
function fileProblem(error: Error): string {
  const line = error instanceof ApiProblem ? error.problem.line : undefined
  return line ? s.line(line) + problemText(error) : problemText(error)
}

/** Whether the path is all that differs from what is written down. */
function onlyPath(test: TestCase, result: TestResult | undefined): boolean {
  if (!result || !test.body.expect?.path) return false
  return result.passed ? result.other_path : result.failures.every((failure) => failure.what === 'path')
}

type Listed = {
  tests: readonly TestCase[]
  /** How the last run went, by the name of the case; nothing before one was made here. */
  results?: ReadonlyMap<string, TestResult>
  removing: boolean
  onPlay: (script: Script) => void
  onRemove?: (test: TestCase) => void
  /** Writes the path it took down as the one it must take. */
  onAccept?: (tests: TestCase[]) => void
}

function TestList({ tests, results, removing, onPlay, onRemove, onAccept }: Listed) {
  if (tests.length === 0)
    return (
      <Empty icon={<FlaskConical size={20} />} title={s.empty.title} className="!py-8">
        {s.empty.text}
      </Empty>
    )
  return (
    <ul className="flex flex-col gap-1.5" aria-label={strings.tabs.tests}>
      {tests.map((test) => (
        <TestLine key={test.id} name={test.name} result={results ? results.get(test.name) : test.last_result}>
          {onAccept && onlyPath(test, results?.get(test.name)) && (
            <IconButton label={`${s.accept}: ${test.name}`} onClick={() => onAccept([test])}>
              <Route size={14} />
            </IconButton>
          )}
          <IconButton
            label={`${s.open}: ${test.name}`}
            onClick={() => onPlay({ opening: test.body.opening, acts: test.body.acts })}
          >
            <PlayIcon size={14} />
          </IconButton>
          {onRemove && (
            <IconButton
              label={`${s.remove}: ${test.name}`}
              disabled={removing}
              onClick={() => window.confirm(s.sure(test.name)) && onRemove(test)}
            >
              <Trash2 size={14} />
            </IconButton>
          )}
        </TestLine>
      ))}
    </ul>
  )
}

/** Writes the paths test cases took down as those they must take. */
function useAccept(id: string, results: ReadonlyMap<string, TestResult> | undefined, after: () => void) {
  return useMutation({
    mutationFn: async (tests: TestCase[]) => {
      for (const { id: test, name, body } of tests) {
        const path = results?.get(name)?.path
        const { opening, acts } = body
        if (path)
          await writes.updateTest(id, test, { name, script: { opening, acts }, expect: { ...body.expect, path } })
      }
      return tests.length
    },
    onSuccess: (count) => toast.ok(s.accepted(count)),
    onSettled: after,
  })
}

/** The test cases of the workflow, run on the draft as it is drawn. */
export function Tests({
  id,
  document: draft,
  onPlay,
}: {
  id: string
  document: WorkflowDocument
  onPlay: (script: Script) => void
}) {
  const client = useQueryClient()
  const may = useMay('builder')
  const file = useRef<HTMLInputElement>(null)
  const list = useQuery(queries.tests(id))
  const again = () => client.invalidateQueries({ queryKey: queries.tests(id).queryKey })
  const run = useMutation({
    mutationFn: () => writes.runTests(id, { document: draft }),
  })
  const results = run.data && new Map(run.data.results.map((result) => [result.name, result]))
  const remove = useMutation({
    mutationFn: (test: TestCase) => writes.removeTest(id, test.id),
    onSuccess: (_, test) => {
      toast.ok(s.removed(test.name))
      void again()
    },
  })
  const accept = useAccept(id, results, () => {
    void again()
    run.mutate()
  })
  const load = useMutation({
    mutationFn: async (chosen: File) => writes.loadTests(id, { source: await chosen.text() }),
    onSuccess: (kept) => {
      toast.ok(s.imported(kept.items.length))
      run.reset()
      void again()
    },
  })
  const takeOut = async () =>
    download(fileName(draft.name, 'tests.yaml'), await client.fetchQuery(reads.testsYaml(id)), 'yaml')
  const error = run.error ?? remove.error ?? accept.error
  const moved = list.data?.items.filter((test) => onlyPath(test, results?.get(test.name))) ?? []
  return (
    <div className="flex flex-col gap-3 p-4">
      <div className="flex flex-wrap gap-2">
        <Button
          look="primary"
          icon={<FlaskConical size={14} />}
          busy={run.isPending}
          disabled={!list.data?.items.length}
          onClick={() => run.mutate()}
        >
          {s.run}
        </Button>
        <Button icon={<Upload size={14} />} disabled={!may} busy={load.isPending} onClick={() => file.current?.click()}>
          {s.import}
        </Button>
        <Button icon={<Download size={14} />} disabled={!list.data?.items.length} onClick={() => void takeOut()}>
          {s.export}
        </Button>
        {may && moved.length > 0 && (
          <Button icon={<Route size={14} />} busy={accept.isPending} onClick={() => accept.mutate(moved)}>
            {s.acceptAll(moved.length)}
          </Button>
        )}
        <input
          ref={file}
          type="file"
          accept=".yaml,.yml,.json"
          hidden
          aria-label={s.import}
          onChange={(event) => {
            const chosen = event.target.files?.[0]
            event.target.value = ''
            if (chosen) load.mutate(chosen)
          }}
        />
      </div>
      {error && <Note tone="bad">{problemText(error)}</Note>}
      {load.error && <Note tone="bad">{fileProblem(load.error)}</Note>}
      <QueryState query={list}>
        {(data) => (
          <TestList
            tests={data.items}
            results={results}
            removing={remove.isPending}
            onPlay={onPlay}
            onRemove={may ? remove.mutate : undefined}
            onAccept={may && !accept.isPending ? accept.mutate : undefined}
          />
        )}
      </QueryState>
    </div>
  )
}
