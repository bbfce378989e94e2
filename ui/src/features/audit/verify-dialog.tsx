import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { FormDialog } from '@/components/form-dialog'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { verifyChain } from './api'
import { strings as s } from './strings'

type Verdict = Awaited<ReturnType<typeof verifyChain>>

function Outcome({ verdict, asked }: { verdict: Verdict; asked: boolean }) {
  if (verdict.broken_at != null) return <Note tone="bad">{s.broken(verdict.broken_at)}</Note>
  if (asked && verdict.head_at == null) return <Note tone="bad">{s.headGone}</Note>
  return (
    <Note tone="ok">
      {s.good(verdict.entries)} {asked && verdict.head_at != null && s.headFound(verdict.head_at)}
    </Note>
  )
}

/** Counts the chain anew; a head noted elsewhere says that its end was not cut off. */
export function VerifyDialog({ onClose }: { onClose: () => void }) {
  const [head, setHead] = useState('')
  const verify = useMutation({ mutationFn: verifyChain })
  return (
    <FormDialog
      title={s.verify}
      text={s.verifyText}
      submit={s.verifyNow}
      sending={verify}
      onSubmit={() => verify.mutate(head.trim().toLowerCase())}
      onClose={onClose}
    >
      <Field label={s.head} hint={s.headHint}>
        {(props) => (
          <Input
            {...props}
            value={head}
            onChange={(event) => setHead(event.target.value)}
            className="font-mono !text-xs"
            spellCheck={false}
          />
        )}
      </Field>
      {verify.data && (
        <>
          <Outcome verdict={verify.data} asked={verify.variables !== ''} />
          {verify.data.head && (
            <p className="text-xs text-muted">
              {s.keepHead} <span className="font-mono break-all text-text select-all">{verify.data.head}</span>
            </p>
          )}
        </>
      )}
    </FormDialog>
  )
}
