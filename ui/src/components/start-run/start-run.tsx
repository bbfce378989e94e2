import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiProblem, problemText } from '@/api/client'
import { queries } from '@/api/queries'
import { QueryState } from '@/app/query-state'
import { InputForm } from '@/components/try-action/input-form'
import { asDocument } from '@/model/document'
import type { JsonObject } from '@/model/json'
import { sendIds } from '@/model/send-ids'
import { Dialog } from '@/ui/dialog'
import { Note } from '@/ui/states'
import { startRun } from './api'
import { strings as s } from './strings'

type Props = { workflow: string; active: number | null | undefined; onClose: () => void }

/** The form that a version asks for, and what was refused of it. */
function Start({ workflow, version }: { workflow: string; version: number }) {
  const navigate = useNavigate()
  const query = useQuery(queries.version(workflow, version))
  const [values, setValues] = useState<JsonObject>({})
  // Pressed twice, or sent again after a lost answer, it starts one run; another input is another run.
  const [ids] = useState(sendIds)
  const start = useMutation({
    mutationFn: (input: JsonObject) => startRun({ workflow, input }, ids.of(JSON.stringify(input))),
    onSuccess: (run) => {
      ids.arrived()
      void navigate({ to: '/runs/$run', params: { run: run.id } })
    },
  })
  const errors = start.error instanceof ApiProblem ? (start.error.problem.errors ?? []) : []
  return (
    <QueryState query={query}>
      {(found) => (
        <div className="flex min-w-0 flex-col gap-3">
          {start.error && <Note tone="bad">{problemText(start.error)}</Note>}
          <InputForm
            schema={asDocument(found.document).input}
            values={values}
            errors={errors}
            busy={start.isPending}
            submit={s.submit}
            onChange={setValues}
            onSubmit={(input) => {
              setValues(input)
              start.mutate(input)
            }}
          />
        </div>
      )}
    </QueryState>
  )
}

/** Starts a run of the active version by hand and opens it. */
export function StartRun({ workflow, active, onClose }: Props) {
  return (
    <Dialog open onClose={onClose} title={s.title} description={active == null ? s.never : s.text}>
      {active != null && <Start workflow={workflow} version={active} />}
    </Dialog>
  )
}
