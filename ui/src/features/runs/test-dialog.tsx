import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { queries } from '@/api/queries'
import type { RunDetail, TestCaseLimit } from '@/api/types'
import { FormDialog } from '@/components/form-dialog'
import { TEST_NAME_MAX, testName } from '@/model/test-name'
import { Button, buttonClass } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { reads, writes } from './api'
import { strings } from './strings'

const s = strings.test

function Limits({ limits }: { limits: readonly TestCaseLimit[] }) {
  if (limits.length === 0) return null
  return (
    <Note tone="warn">
      <p className="font-medium">{s.limits}</p>
      <ul className="mt-1 max-h-40 list-disc overflow-y-auto pl-5" tabIndex={0} aria-label={s.limits}>
        {limits.map((limit) => (
          <li key={limit.message} className="break-words">
            {limit.message}
          </li>
        ))}
      </ul>
    </Note>
  )
}

/** Keeps a run as a test case of its workflow. What a test case has no words for is said before. */
export default function TestDialog({ run, onClose }: { run: RunDetail; onClose: () => void }) {
  const [name, setName] = useState(() => testName(run.workflow.name, run.id))
  const client = useQueryClient()
  const made = useQuery(reads.runTest(run.id))
  const keep = useMutation({
    mutationFn: () => writes.keepAsTest(run.id, { name }),
    onSuccess: (kept) => void client.invalidateQueries({ queryKey: queries.tests(kept.workflow).queryKey }),
  })
  if (keep.data) {
    return (
      <Dialog open onClose={onClose} title={s.title}>
        <div className="flex flex-col gap-3">
          <Note tone="ok">{s.kept(keep.data.test.name)}</Note>
          <Limits limits={keep.data.limits} />
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>{s.close}</Button>
            <Link
              to="/workflows/$workflow"
              params={{ workflow: keep.data.workflow }}
              search={{ rehearse: 'tests' }}
              className={buttonClass('primary')}
            >
              {s.open}
            </Link>
          </div>
        </div>
      </Dialog>
    )
  }
  return (
    <FormDialog
      title={s.title}
      text={s.text}
      submit={s.submit}
      keep={s.cancel}
      disabled={made.isError}
      sending={{ isPending: keep.isPending, error: keep.error ?? made.error }}
      onSubmit={keep.mutate}
      onClose={onClose}
    >
      <Note tone="warn">{s.realData}</Note>
      <Field label={s.name}>
        {(props) => (
          <Input
            {...props}
            autoFocus
            required
            maxLength={TEST_NAME_MAX}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <Limits limits={made.data?.limits ?? []} />
    </FormDialog>
  )
}
