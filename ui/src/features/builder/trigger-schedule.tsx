import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { useMay } from '@/app/session'
import type { Trigger } from '@/model/document'
import { spellTimes, withPart } from '@/model/trigger'
import { Field, Input } from '@/ui/field'
import { useSettled } from '@/ui/use-settled'
import { ZoneInput } from '@/ui/zone-input'
import { reads } from './api'
import { JsonField } from './fields'
import { useProblemAt } from './problems'
import { ChoiceField, NameField, type TriggerProps } from './trigger-fields'
import { strings } from './trigger-strings'

const s = strings.schedule
type Schedule = Extract<Trigger, { type: 'schedule' }>

/** The next times, in the schedule's own time zone; nothing while it has none. */
function useNextTimes({ cron, time_zone }: Schedule): string | undefined {
  const editable = useMay('builder')
  const asked = useSettled(cron)
  const zone = useSettled(time_zone)
  const { data } = useQuery({
    ...reads.schedulePreview(asked, zone),
    enabled: editable && asked.trim() !== '' && zone.trim() !== '',
  })
  return data && data.times.length > 0 ? s.next(spellTimes(data.times, zone)) : undefined
}

/** When a clock starts a run, and what becomes of times that are missed or come too soon. */
export function ScheduleFields(props: TriggerProps<Schedule>) {
  const { trigger, field, change } = props
  const lists = useId()
  const next = useNextTimes(trigger)
  const cron = useProblemAt(`${field}.cron`)
  return (
    <>
      <Field label={s.cron} hint={next ?? s.cronHint} error={cron}>
        {(own) => (
          <Input
            {...own}
            data-field={`${field}.cron`}
            spellCheck={false}
            list={`${lists}-cron`}
            className="font-mono !text-xs"
            value={trigger.cron}
            onChange={(event) => change({ ...trigger, cron: event.target.value })}
          />
        )}
      </Field>
      <datalist id={`${lists}-cron`}>
        {Object.entries(s.common).map(([times, said]) => (
          <option key={times} value={times} label={said} />
        ))}
      </datalist>
      <Field label={s.zone} error={useProblemAt(`${field}.time_zone`)}>
        {(own) => (
          <ZoneInput
            {...own}
            data-field={`${field}.time_zone`}
            spellCheck={false}
            className="font-mono !text-xs"
            value={trigger.time_zone}
            onChange={(event) => change({ ...trigger, time_zone: event.target.value })}
          />
        )}
      </Field>
      <ChoiceField
        label={s.missed}
        field={`${field}.missed`}
        value={trigger.missed ?? 'one'}
        choices={s.misses}
        onChange={(missed) => change(withPart(trigger, 'missed', missed))}
      />
      <ChoiceField
        label={s.overlap}
        field={`${field}.overlap`}
        value={trigger.overlap ?? 'allow'}
        choices={s.overlaps}
        onChange={(overlap) => change(withPart(trigger, 'overlap', overlap))}
      />
      <JsonField
        label={strings.inputJson}
        problem={useProblemAt(`${field}.input`)}
        field={`${field}.input`}
        rows={2}
        value={trigger.input}
        onChange={(input) => change(withPart(trigger, 'input', input))}
      />
      <NameField {...props} part="id" value={trigger.id} />
    </>
  )
}
