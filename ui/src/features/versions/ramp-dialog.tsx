import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { problemText } from '@/api/client'
import type { Version } from '@/api/types'
import { FormDialog } from '@/components/form-dialog'
import { Field, Input } from '@/ui/field'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { strings as s } from './strings'

export type Ramp = { version: number; percent: number }

/** The ramp that the list shows. */
export function rampOf(versions: readonly Version[]): Ramp | null {
  const ramped = versions.find((version) => version.ramp_percent != null)
  return ramped ? { version: ramped.version, percent: ramped.ramp_percent ?? 0 } : null
}

/** Sets or ends the ramp, and offers to put it back as it was. */
export function useRamp(id: string) {
  const client = useQueryClient()
  const put = (ramp: Ramp | null) => (ramp ? writes.setRamp(id, ramp) : writes.endRamp(id))
  const refresh = () => client.invalidateQueries({ queryKey: ['workflows'] })
  return useMutation({
    mutationFn: ({ now }: { now: Ramp | null; before: Ramp | null }) => put(now),
    onSuccess: (_, { now, before }) => {
      void refresh()
      const undo = () => void put(before).then(refresh, (error: unknown) => toast.bad(problemText(error)))
      toast.ok(now ? s.ramp.done(now.percent, now.version) : s.ramp.ended, { label: s.undo, run: undo })
    },
  })
}

/** How many of the new runs a version gets. */
export function RampDialog({
  id,
  version,
  before,
  onClose,
}: {
  id: string
  version: number
  before: Ramp | null
  onClose: () => void
}) {
  const [percent, setPercent] = useState(String(before?.version === version ? before.percent : 10))
  const ramp = useRamp(id)
  const number = Number(percent)
  const fits = Number.isInteger(number) && number >= 1 && number <= 99
  return (
    <FormDialog
      title={s.ramp.title(version)}
      text={s.ramp.text}
      submit={s.ramp.submit}
      keep={s.keep}
      disabled={!fits}
      sending={ramp}
      onSubmit={() => ramp.mutate({ now: { version, percent: number }, before }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Field label={s.ramp.percent} error={fits ? undefined : s.ramp.range} hint={s.ramp.hint}>
        {(props) => (
          <Input
            {...props}
            autoFocus
            type="number"
            min={1}
            max={99}
            className="!w-28"
            value={percent}
            onChange={(event) => setPercent(event.target.value)}
          />
        )}
      </Field>
    </FormDialog>
  )
}
