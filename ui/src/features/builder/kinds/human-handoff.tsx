import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import type { HumanHandoff } from '@/model/document'
import { Button, IconButton } from '@/ui/button'
import { Input } from '@/ui/field'
import { useBuilder } from '../context'
import { DurationField, Group, TextField, useStepField } from '../fields'
import { InputSchema } from '../input-schema'
import { strings } from '../strings'

const s = strings.handoff

export function HumanHandoffEditor({ id, step }: { id: string; step: HumanHandoff }) {
  const builder = useBuilder()
  const [name, setName] = useState('')
  const [form, setForm] = useStepField(id, ['form'])
  const outcomes = step.outcomes ?? {}
  const set = (next: NonNullable<HumanHandoff['outcomes']>) =>
    builder.perform({ op: 'set_field', id, path: ['outcomes'], value: Object.keys(next).length > 0 ? next : undefined })
  return (
    <>
      <TextField id={id} path={['team']} label={s.team} hint={s.teamHint} />
      <TextField id={id} path={['note']} label={s.note} rows={3} mode="template" placeholder={strings.tool.template} />
      <TextField
        id={id}
        path={['message']}
        label={s.message}
        rows={2}
        mode="template"
        placeholder={strings.tool.template}
      />
      <InputSchema value={form} set={setForm} at="form" words={s.form} stem="answer" />
      <Group title={s.outcomes}>
        {Object.keys(outcomes).map((outcome) => (
          <div
            key={outcome}
            data-field={`outcomes.${outcome}`}
            className="flex items-center justify-between rounded-md border border-line pl-2 text-sm"
          >
            {outcome}
            <IconButton
              label={strings.inspector.remove(outcome)}
              onClick={() => set(Object.fromEntries(Object.entries(outcomes).filter(([one]) => one !== outcome)))}
            >
              <X size={13} />
            </IconButton>
          </div>
        ))}
        <form
          className="flex gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            if (name.trim() && !Object.hasOwn(outcomes, name.trim()))
              set({ ...outcomes, [name.trim()]: { next: step.next } })
            setName('')
          }}
        >
          <Input
            aria-label={s.name}
            placeholder={s.name}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <Button type="submit" icon={<Plus size={13} />}>
            {s.add}
          </Button>
        </form>
      </Group>
      {step.timeout && <DurationField id={id} path={['timeout', 'after']} label={s.timeout} required />}
    </>
  )
}
