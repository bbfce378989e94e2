import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { FormDialog } from '@/components/form-dialog'
import { Field, Textarea } from '@/ui/field'
import { writes } from './api'
import { useBuilder } from './context'
import { strings } from './strings'

const s = strings.run

function parseInput(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: text.trim() === '' ? {} : (JSON.parse(text) as unknown) }
  } catch {
    return { ok: false }
  }
}

/** Starts a run of the active version by hand and opens it. */
export function RunDialog({ active, onClose }: { active: number | null | undefined; onClose: () => void }) {
  const builder = useBuilder()
  const navigate = useNavigate()
  const [text, setText] = useState('{}')
  const [key] = useState(() => crypto.randomUUID())
  const input = parseInput(text)
  const start = useMutation({
    mutationFn: () => writes.startRun({ workflow: builder.id, input: input.ok ? input.value : {} }, key),
    onSuccess: (run) => void navigate({ to: '/runs/$run', params: { run: run.id } }),
  })
  return (
    <FormDialog
      title={s.title}
      text={active == null ? s.never : s.text}
      submit={s.submit}
      disabled={!input.ok || active == null}
      sending={start}
      onSubmit={start.mutate}
      onClose={onClose}
    >
      <Field label={s.input} error={input.ok ? undefined : s.bad}>
        {(props) => (
          <Textarea
            {...props}
            rows={5}
            autoFocus
            spellCheck={false}
            className="font-mono !text-xs"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
    </FormDialog>
  )
}
