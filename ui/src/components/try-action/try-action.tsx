import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiProblem, problemText } from '@/api/client'
import { queries } from '@/api/queries'
import type { ActionSpec } from '@/api/types'
import type { JsonObject } from '@/model/json'
import { Dialog } from '@/ui/dialog'
import { Field, Select } from '@/ui/field'
import { Note } from '@/ui/states'
import { tryAction } from './api'
import { InputForm } from './input-form'
import { Answered, Shown } from './shown'
import { strings as s } from './strings'

type Props = {
  action: ActionSpec
  connection?: string
  input?: JsonObject
  /** Takes the output as the step's sample. */
  onKeep?: (output: unknown) => void
  onClose: () => void
}

/** An action tried away from any run: its input, the request it makes, and what came of it when it is sent. */
export function TryAction({ action, connection: given, input, onKeep, onClose }: Props) {
  const { data } = useQuery(queries.connections())
  const own = data?.items.filter((one) => one.connector === action.name.split('.')[0]) ?? []
  const [connection, setConnection] = useState(given ?? '')
  const [values, setValues] = useState<JsonObject>(input ?? {})
  const asked = { connection: connection || undefined }
  const show = useMutation({
    mutationFn: (next: JsonObject) => tryAction(action.name, { ...asked, input: next, dry_run: true }),
  })
  const sending = useMutation({
    mutationFn: (reason: string | undefined) =>
      tryAction(action.name, { ...asked, input: values, confirm: show.data?.request_hash, reason }),
  })
  const back = () => {
    show.reset()
    sending.reset()
  }
  const errors = show.error instanceof ApiProblem ? (show.error.problem.errors ?? []) : []
  const ofInput = errors
    .filter((error) => error.pointer.startsWith('/input/'))
    .map((error) => ({ ...error, pointer: error.pointer.slice('/input'.length) }))
  return (
    <Dialog open onClose={onClose} title={s.title(action.title || action.name)} description={s.text} wide>
      <div className="flex min-w-0 flex-col gap-3">
        {sending.data ? (
          <Answered tried={sending.data} onBack={back} onKeep={onKeep} />
        ) : show.data ? (
          <Shown
            shown={show.data}
            busy={sending.isPending}
            error={sending.error}
            onSend={(reason) => sending.mutate(reason)}
            onBack={back}
          />
        ) : (
          <>
            {own.length > 1 && (
              <Field label={s.connection}>
                {(props) => (
                  <Select {...props} value={connection} onChange={(event) => setConnection(event.target.value)}>
                    <option value="">{s.choose}</option>
                    {own.map((one) => (
                      <option key={one.id} value={one.name}>
                        {one.name}
                      </option>
                    ))}
                  </Select>
                )}
              </Field>
            )}
            {show.error && <Note tone="bad">{problemText(show.error)}</Note>}
            <InputForm
              schema={action.input}
              values={values}
              errors={ofInput}
              busy={show.isPending}
              onChange={setValues}
              onSubmit={(next) => {
                setValues(next)
                show.mutate(next)
              }}
            />
          </>
        )}
      </div>
    </Dialog>
  )
}
