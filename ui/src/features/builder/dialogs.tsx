import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, ApiProblem, problemText, send } from '@/api/client'
import { queries } from '@/api/queries'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input, Textarea } from '@/ui/field'
import { Note } from '@/ui/states'
import { toYaml } from '@/model/yaml'
import { useStore } from '@/ui/store'
import { toast } from '@/ui/toast'
import { useBuilder, useDocument } from './context'
import { strings } from './strings'

/** Publishes the draft; a refusal shows its reasons, a race shows itself. */
export function PublishDialog({ active, onClose }: { active: number | null | undefined; onClose: () => void }) {
  const s = strings.publish
  const builder = useBuilder()
  const client = useQueryClient()
  const [message, setMessage] = useState('')
  const { list } = useStore(builder.diagnostics)
  const diff = useQuery({ ...queries.diff(builder.id, active ?? 0, 'draft'), enabled: active != null, staleTime: 0 })
  const errors = list.filter((problem) => problem.severity === 'error')
  const publish = useMutation({
    mutationFn: async () => {
      await builder.flush()
      return send(api.POST('/api/v1/workflows/{id}/publish', { params: { path: { id: builder.id } }, body: { message, expected_active: active, expected_revision: builder.saving.get().revision } }))
    },
    onSuccess: (version) => {
      void client.invalidateQueries({ queryKey: ['workflows'] })
      toast.ok(s.done(version.version))
      onClose()
    },
  })
  const refused = publish.error instanceof ApiProblem ? (publish.error.problem.diagnostics ?? []) : []
  const raced = publish.error instanceof ApiProblem && publish.error.status === 409
  const reasons = refused.length > 0 ? refused : errors
  const steps = diff.data?.steps
  return (
    <Dialog open onClose={onClose} title={s.title} description={s.text}>
      <form className="flex flex-col gap-3" onSubmit={(event) => {
        event.preventDefault()
        publish.mutate()
      }}>
        {steps && (
          <p className="text-sm text-muted">
            {s.changes}: {(['added', 'changed', 'moved', 'removed'] as const).filter((name) => steps[name].length > 0).map((name) => `${steps[name].length} ${name}`).join(', ') || '0'}
          </p>
        )}
        <Field label={s.message}>{(props) => <Input {...props} autoFocus required maxLength={500} value={message} onChange={(event) => setMessage(event.target.value)} />}</Field>
        {reasons.length > 0 && (
          <Note tone="bad">
            {s.refused}
            <ul className="mt-1 list-disc pl-5">{reasons.slice(0, 8).map((problem, index) => <li key={index}>{problem.message}</li>)}</ul>
          </Note>
        )}
        {publish.error && refused.length === 0 && <Note tone="bad">{raced ? s.race : problemText(publish.error)}</Note>}
        <div className="flex justify-end"><Button type="submit" look="primary" busy={publish.isPending} disabled={errors.length > 0}>{s.submit}</Button></div>
      </form>
    </Dialog>
  )
}

/** Two people edited the same draft: both texts, one choice. */
export function ConflictDialog() {
  const s = strings.conflict
  const builder = useBuilder()
  const saving = useStore(builder.saving)
  const mine = useDocument()
  if (saving.kind !== 'conflict') return null
  return (
    <Dialog open onClose={() => undefined} closable={false} title={s.title} description={s.text} wide>
      <div className="grid gap-3 md:grid-cols-2">
        {[[s.mineLabel, mine], [s.theirsLabel, saving.theirs.document] ].map(([label, document]) => (
          <div key={label as string} className="flex min-w-0 flex-col gap-1">
            <h3 className="text-xs font-medium text-faint">{label as string}</h3>
            <pre tabIndex={0} className="max-h-72 overflow-auto rounded-md bg-sunken p-2 font-mono text-xs">{toYaml(document as typeof mine)}</pre>
          </div>
        ))}
      </div>
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={() => void builder.settle('theirs')}>{s.theirs}</Button>
        <Button look="primary" onClick={() => void builder.settle('mine')}>{s.mine}</Button>
      </div>
    </Dialog>
  )
}

function parseInput(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: text.trim() === '' ? {} : (JSON.parse(text) as unknown) }
  } catch {
    return { ok: false }
  }
}

/** Starts a run of the active version by hand and opens it. */
export function RunDialog({ active, onClose }: { active: number | null | undefined; onClose: () => void }) {
  const s = strings.run
  const builder = useBuilder()
  const navigate = useNavigate()
  const [text, setText] = useState('{}')
  const [key] = useState(() => crypto.randomUUID())
  const input = parseInput(text)
  const start = useMutation({
    mutationFn: () => send(api.POST('/api/v1/runs', { params: { header: { 'Idempotency-Key': key } }, body: { workflow: builder.id, input: input.ok ? input.value : {} } })),
    onSuccess: (run) => void navigate({ to: '/runs/$run', params: { run: run.id } }),
  })
  return (
    <Dialog open onClose={onClose} title={s.title} description={active == null ? s.never : s.text}>
      <form className="flex flex-col gap-3" onSubmit={(event) => {
        event.preventDefault()
        start.mutate()
      }}>
        <Field label={s.input} error={input.ok ? undefined : s.bad}>{(props) => <Textarea {...props} rows={5} autoFocus spellCheck={false} className="font-mono !text-xs" value={text} onChange={(event) => setText(event.target.value)} />}</Field>
        {start.error && <Note tone="bad">{problemText(start.error)}</Note>}
        <div className="flex justify-end"><Button type="submit" look="primary" busy={start.isPending} disabled={!input.ok || active == null}>{s.submit}</Button></div>
      </form>
    </Dialog>
  )
}
