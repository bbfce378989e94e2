import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { RunDetail } from '@/api/types'
import { QueryState } from '@/app/query-state'
import { WorkflowCanvas } from '@/components/canvas/canvas'
import { asDocument } from '@/model/document'
import { overlayOf } from '@/model/graph'
import { reads } from './api'

function Graph({ run, graph, onStep }: { run: RunDetail; graph: unknown; onStep: (visit: number) => void }) {
  const document = useMemo(() => asDocument(graph), [graph])
  const overlay = useMemo(() => overlayOf(document, run.steps), [document, run.steps])
  return (
    <div className="min-h-[28rem] flex-1">
      <WorkflowCanvas
        document={document}
        overlay={overlay}
        onSelect={(id) => {
          const visit = run.steps.findLast((step) => step.step === id)?.visit
          if (visit) onStep(visit)
        }}
      />
    </div>
  )
}

/** The graph of the run's version with the path it took. */
export default function RunGraph({ run, onStep }: { run: RunDetail; onStep: (visit: number) => void }) {
  const query = useQuery(reads.runGraph(run.id))
  return <QueryState query={query}>{(graph) => <Graph run={run} graph={graph} onStep={onStep} />}</QueryState>
}
