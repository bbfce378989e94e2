import { Plus } from 'lucide-react'
import type { Approval, Rung } from '@/model/document'
import { spellDuration } from '@/model/duration'
import { Button } from '@/ui/button'
import { Field, Select } from '@/ui/field'
import { useBuilder, useDocument } from '../../context'
import { DurationField, Group, ListField, movedUp, RowButtons, useStepField } from '../../fields'
import { strings } from '../../strings'

const s = strings.approval

function CalendarField({ id }: { id: string }) {
  const { calendars } = useDocument()
  const [value, set] = useStepField<string>(id, ['calendar'])
  const names = Object.keys(calendars ?? {})
  return (
    <Field label={s.calendar} hint={names.length > 0 ? s.calendarHint : s.noCalendars}>
      {(props) => (
        <Select
          {...props}
          data-field="calendar"
          value={value ?? ''}
          onChange={(event) => set(event.target.value || undefined)}
        >
          <option value="">{s.anyTime}</option>
          {[...new Set([...names, ...(value ? [value] : [])])].map((name) => (
            <option key={name} value={name}>
              {names.includes(name) ? name : `${name}?`}
            </option>
          ))}
        </Select>
      )}
    </Field>
  )
}

/** What happens while nobody decides, in order. */
function Ladder({ id }: { id: string }) {
  const [value, set] = useStepField<Rung[]>(id, ['ladder'])
  const rungs = value ?? []
  const write = (next: Rung[]) => set(next.length > 0 ? next : undefined)
  const change = (index: number, act: Rung['do']) => {
    const { to, ...rest } = rungs[index] as Rung
    const next = act === 'remind' ? { ...rest, do: act } : { ...rest, do: act, to: to ?? [] }
    write(rungs.map((one, place) => (place === index ? next : one)))
  }
  return (
    <Group title={s.ladder} field="ladder">
      <p className="text-xs text-faint">{s.ladderHint}</p>
      {rungs.map((rung, index) => (
        <fieldset
          key={index}
          aria-label={s.rung(index + 1)}
          data-field={`ladder.${index}`}
          className="flex min-w-0 flex-col gap-2 rounded-md border border-line p-2"
        >
          <div className="flex items-center">
            <span className="text-xs text-faint">{s.rung(index + 1)}</span>
            <RowButtons
              first={index === 0}
              onUp={() => write(movedUp(rungs, index))}
              onRemove={() => write(rungs.filter((_, place) => place !== index))}
              upLabel={`${strings.condition.up}: ${s.rung(index + 1)}`}
              removeLabel={strings.inspector.remove(s.rung(index + 1))}
            />
          </div>
          <div className="grid grid-cols-2 gap-2">
            <DurationField id={id} path={['ladder', index, 'after']} label={s.rungAfter} required />
            <Field label={s.rungAct}>
              {(props) => (
                <Select
                  {...props}
                  data-field={`ladder.${index}.do`}
                  value={rung.do}
                  onChange={(event) => change(index, event.target.value as Rung['do'])}
                >
                  {Object.entries(s.rungActs).map(([act, name]) => (
                    <option key={act} value={act}>
                      {name}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
          </div>
          {rung.do !== 'remind' && (
            <ListField id={id} path={['ladder', index, 'to']} label={s.rungTo} hint={s.rungToHint} />
          )}
        </fieldset>
      ))}
      <div>
        <Button
          small
          icon={<Plus size={13} />}
          onClick={() => write([...rungs, { after: `${(rungs.length + 1) * 2}h`, do: 'remind' }])}
        >
          {s.addRung}
        </Button>
      </div>
    </Group>
  )
}

/** How long it waits, in which time, what happens until then and what silence counts as. */
export function Waiting({ id, step }: { id: string; step: Approval }) {
  const builder = useBuilder()
  return (
    <>
      <Group title={s.after}>
        <CalendarField id={id} />
        <DurationField id={id} path={['remind_after']} label={s.remind} />
        <Field label={s.outcome}>
          {(props) => (
            <Select
              {...props}
              data-field="timeout.outcome"
              value={step.timeout?.outcome ?? ''}
              onChange={(event) =>
                builder.perform({
                  op: 'set_field',
                  id,
                  path: ['timeout'],
                  value: event.target.value ? { after: '4h', ...step.timeout, outcome: event.target.value } : undefined,
                })
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
            )}{' '}
            {s.ownPath}
          </p>
        )}
        {step.timeout?.outcome === 'escalate' && (
          <ListField id={id} path={['timeout', 'escalate_to']} label={s.escalate} hint={s.rolesHint} />
        )}
      </Group>
      <Ladder id={id} />
    </>
  )
}
