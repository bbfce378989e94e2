import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { ReactFlowProvider } from '@xyflow/react'
import { useState } from 'react'
import { queries } from '@/api/queries'
import type { Workflow } from '@/api/types'
import { QueryState } from '@/app/query-state'
import { Skeleton } from '@/ui/states'
import { BuilderContext } from './context'
import { createBuilder } from './stores'
import { Workbench, type RehearsalSlot } from './workbench'

function Opened({ workflow, rehearsal }: { workflow: Workflow; rehearsal: RehearsalSlot }) {
  const client = useQueryClient()
  // The builder keeps its own document; answers of the server after the first only refresh what is around it.
  const [builder] = useState(() =>
    createBuilder(workflow, (saved) => client.setQueryData(queries.workflow(saved.id).queryKey, saved)),
  )
  return (
    <BuilderContext value={builder}>
      <ReactFlowProvider>
        <Workbench workflow={workflow} rehearsal={rehearsal} />
      </ReactFlowProvider>
    </BuilderContext>
  )
}

export default function BuilderPage({ rehearsal }: { rehearsal: RehearsalSlot }) {
  const { workflow: id } = useParams({ from: '/shell/workflows/$workflow' })
  const query = useQuery({ ...queries.workflow(id), refetchOnMount: 'always' })
  return (
    <QueryState
      query={query}
      skeleton={
        <div className="flex flex-1 flex-col gap-3 p-4">
          <Skeleton className="h-8 w-80" />
          <Skeleton className="h-full min-h-96 flex-1" />
        </div>
      }
    >
      {(workflow) => <Opened key={workflow.id} workflow={workflow} rehearsal={rehearsal} />}
    </QueryState>
  )
}
