import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { queries } from '@/api/queries'
import type { Alerts } from '@/model/document'
import { listed } from '@/model/listed'
import { Checkbox, Field, Input } from '@/ui/field'
import { Group } from './fields'
import { useProblemAt } from './problems'
import { strings } from './strings'

const s = strings.alerts

/** Whom it is told to: roles, groups and addresses, separated by commas. */
function Tell({ value, onChange }: { value: readonly string[]; onChange: (tell: string[]) => void }) {
  const { data } = useQuery(queries.people())
  const [draft, setDraft] = useState<string | null>(null)
  const list = useId()
  const known = [...new Set(data?.items.flatMap((person) => [...person.groups, person.email]))].sort()
  const problem = useProblemAt('alerts.tell')
  return (
    <Field label={s.tell} hint={s.tellHint} error={problem}>
      {(props) => (
        <>
          <Input
            {...props}
            data-field="alerts.tell"
            list={list}
            value={draft ?? value.join(', ')}
            onBlur={() => setDraft(null)}
            onChange={(event) => {
              setDraft(event.target.value)
              onChange(listed(event.target.value))
            }}
          />
          <datalist id={list}>
            {known.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  )
}

/** Who is told when runs fail; nobody when absent. */
export function AlertsField({ value, set }: { value?: Alerts; set: (alerts: Alerts | undefined) => void }) {
  return (
    <Group title={s.title}>
      <Checkbox
        label={s.on}
        data-field="alerts"
        checked={value !== undefined}
        onChange={(event) => set(event.target.checked ? { tell: ['admin'] } : undefined)}
      />
      {value && (
        <>
          <Tell value={value.tell} onChange={(tell) => set({ ...value, tell })} />
          <Checkbox
            label={s.each}
            hint={s.eachHint}
            checked={value.each !== false}
            onChange={(event) => set({ ...value, each: event.target.checked ? undefined : false })}
          />
          <Field label={s.percent} hint={s.percentHint}>
            {(props) => (
              <Input
                {...props}
                data-field="alerts.percent"
                type="number"
                min={1}
                max={100}
                value={value.percent ?? ''}
                onChange={(event) =>
                  set({ ...value, percent: event.target.value === '' ? undefined : Number(event.target.value) })
                }
              />
            )}
          </Field>
        </>
      )}
    </Group>
  )
}
