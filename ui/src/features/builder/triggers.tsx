import { Plus, X } from 'lucide-react'
import { KindTag } from '@/components/step-cards'
import type { Trigger } from '@/model/document'
import { Button, IconButton } from '@/ui/button'
import { Menu } from '@/ui/menu'
import { Group } from './fields'
import { MessageRows } from './message-rows'
import { useProblemAt } from './problems'
import { strings } from './strings'
import { NameField, type TriggerProps } from './trigger-fields'
import { ScheduleFields } from './trigger-schedule'
import { strings as t } from './trigger-strings'
import { WebhookFields } from './trigger-webhook'

const s = strings.inspector

type RowProps = TriggerProps<Trigger> & { number: number; remove: () => void }

function Fields({ trigger, field, change }: TriggerProps<Trigger>) {
  switch (trigger.type) {
    case 'message':
      return (
        <>
          <MessageRows field={`${field}.when`} when={trigger.when} onChange={(when) => change({ ...trigger, when })} />
          <NameField trigger={trigger} field={field} change={change} part="id" value={trigger.id} />
        </>
      )
    case 'webhook':
      return <WebhookFields trigger={trigger} field={field} change={change} />
    case 'schedule':
      return <ScheduleFields trigger={trigger} field={field} change={change} />
    case 'api':
    case 'manual':
      return null
  }
}

function TriggerRow({ number, remove, ...props }: RowProps) {
  const { trigger, field } = props
  const problem = useProblemAt(field)
  return (
    <fieldset data-field={field} className="flex min-w-0 flex-col gap-2.5 rounded-md border border-line p-2.5">
      <legend className="sr-only">{t.group(number, s.triggerTypes[trigger.type])}</legend>
      <div className="flex items-center justify-between gap-1">
        <KindTag kind={trigger.type} />
        <IconButton label={s.remove(s.triggerTypes[trigger.type])} onClick={remove}>
          <X size={13} />
        </IconButton>
      </div>
      {problem && (
        <p role="alert" className="text-xs text-bad">
          {problem}
        </p>
      )}
      <Fields {...props} />
    </fieldset>
  )
}

const NEW_TRIGGERS: Record<Trigger['type'], Trigger> = {
  message: { type: 'message', when: 'true' },
  api: { type: 'api' },
  webhook: { type: 'webhook', path: 'orders' },
  schedule: { type: 'schedule', cron: '0 9 * * 1', time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone },
  manual: { type: 'manual' },
}

/** What starts the workflow. */
export function Triggers({ triggers, set }: { triggers: readonly Trigger[]; set: (triggers: Trigger[]) => void }) {
  return (
    <Group title={s.triggers} field="triggers">
      {triggers.map((trigger, index) => (
        <TriggerRow
          key={index}
          number={index + 1}
          field={`triggers.${index}`}
          trigger={trigger}
          change={(next) => set(triggers.map((old, at) => (at === index ? next : old)))}
          remove={() => set(triggers.filter((_, at) => at !== index))}
        />
      ))}
      <div>
        <Menu
          align="start"
          trigger={
            <Button small icon={<Plus size={13} />}>
              {s.addTrigger}
            </Button>
          }
          items={(Object.keys(NEW_TRIGGERS) as Trigger['type'][]).map((type) => ({
            id: type,
            label: s.triggerTypes[type],
            run: () => set([...triggers, NEW_TRIGGERS[type]]),
          }))}
        />
      </div>
    </Group>
  )
}
