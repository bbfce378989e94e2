import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { titleOf, type Approval } from '@/model/document'
import { spellDuration } from '@/model/duration'
import type { Json } from '@/model/json'
import { Checkbox, Field, Input, Select } from '@/ui/field'
import { Note } from '@/ui/states'
import { reads } from '../api'
import { useBuilder, useDocument } from '../context'
import { DurationField, Group, ListField, TextField } from '../fields'
import { strings } from '../strings'

const s = strings.approval

function Guards({ id, step }: { id: string; step: Approval }) {
  const builder = useBuilder()
  const document = useDocument()
  const guards = step.guards ?? []
  const calls = Object.keys(document.steps).filter((other) => document.steps[other]?.type === 'tool_call')
  // What cannot be guarded, or is gone, is shown so that it can be taken out.
  const all = [...new Set([...calls, ...guards])]
  const name = (guard: string) => `${titleOf(guard, document.steps[guard])}${calls.includes(guard) ? '' : '?'}`
  const flip = (guard: string, on: boolean) => {
    const next = on ? [...guards, guard] : guards.filter((one) => one !== guard)
    builder.perform({ op: 'set_field', id, path: ['guards'], value: next.length > 0 ? next : undefined })
  }
  return (
    <Group title={s.guards} field="guards">
      <p className="text-xs text-faint">{calls.length === 0 ? s.noGuards : s.guardsHint}</p>
      {all.map((guard) => (
        <Checkbox
          key={guard}
          data-field={guards.includes(guard) ? `guards.${guards.indexOf(guard)}` : undefined}
          label={name(guard)}
          checked={guards.includes(guard)}
          onChange={(event) => flip(guard, event.target.checked)}
        />
      ))}
    </Group>
  )
}

/** Whom the policy lets approve among the people there are; the server says. */
function WhoNow({ step }: { step: Approval }) {
  const { data } = useQuery({ ...reads.approversPreview(step.approvers ?? {}), placeholderData: keepPreviousData })
  if (!data) return null
  const able = data.people.filter((person) => person.hindered == null)
  const hindered = data.people.filter((person) => person.hindered != null)
  return (
    <div className="flex flex-col gap-1 text-xs text-muted">
      <p>
        <span className="font-medium">{s.now}:</span> {able.map((person) => person.name).join(', ') || s.noOne}
      </p>
      {hindered.length > 0 && (
        <p>
          {s.hindered}: {hindered.map((person) => `${person.name} (${person.hindered})`).join(', ')}
        </p>
      )}
      {!data.enough && (
        <Note tone="bad">{able.length === 0 ? s.nobody : s.tooFew(able.length, step.approvers?.quorum ?? 1)}</Note>
      )}
      {data.enough && !data.enough_without_requester && <Note tone="warn">{s.requesterNeeded}</Note>}
    </div>
  )
}

export function ApprovalEditor({ id, step }: { id: string; step: Approval }) {
  const builder = useBuilder()
  const set = (path: (string | number)[], value: Json | undefined) =>
    builder.perform({ op: 'set_field', id, path, value })
  return (
    <>
      <TextField
        id={id}
        path={['summary']}
        label={s.summary}
        rows={2}
        required
        mode="template"
        placeholder={strings.tool.template}
      />
      <Guards id={id} step={step} />
      <Group title={s.roles} field="approvers">
        <ListField id={id} path={['approvers', 'roles']} label={s.roles} hint={s.rolesHint} />
        <ListField id={id} path={['approvers', 'users']} label={s.users} />
        <Field label={s.quorum}>
          {(props) => (
            <Input
              {...props}
              data-field="approvers.quorum"
              type="number"
              min={1}
              max={10}
              value={step.approvers?.quorum ?? 1}
              onChange={(event) => set(['approvers', 'quorum'], Math.max(1, Number(event.target.value)))}
            />
          )}
        </Field>
        <Checkbox
          data-field="approvers.exclude_requester"
          label={s.exclude}
          checked={step.approvers?.exclude_requester ?? false}
          onChange={(event) => set(['approvers', 'exclude_requester'], event.target.checked || undefined)}
        />
        <WhoNow step={step} />
      </Group>
      <Group title={s.after}>
        <DurationField id={id} path={['remind_after']} label={s.remind} />
        <Field label={s.outcome}>
          {(props) => (
            <Select
              {...props}
              data-field="timeout.outcome"
              value={step.timeout?.outcome ?? ''}
              onChange={(event) =>
                set(
                  ['timeout'],
                  event.target.value ? { after: '4h', ...step.timeout, outcome: event.target.value } : undefined,
                )
              }
            >
              <option value="">–</option>
              {Object.entries(s.outcomes).map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {step.timeout && <DurationField id={id} path={['timeout', 'after']} label={s.after} required />}
        {step.timeout && (
          <p className="text-xs text-muted">
            {s.afterwards(
              spellDuration(step.timeout.after),
              s.outcomes[step.timeout.outcome] ?? step.timeout.outcome,
              step.remind_after ? spellDuration(step.remind_after) : null,
            )}
          </p>
        )}
        {step.timeout?.outcome === 'escalate' && (
          <ListField id={id} path={['timeout', 'escalate_to']} label={s.escalate} hint={s.rolesHint} />
        )}
      </Group>
    </>
  )
}
