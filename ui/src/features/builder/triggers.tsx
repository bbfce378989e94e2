import { Plus, X } from 'lucide-react'
import { KindTag } from '@/components/step-cards'
import type { Trigger } from '@/model/document'
import { Button, IconButton } from '@/ui/button'
import { Input, Select } from '@/ui/field'
import { Menu } from '@/ui/menu'
import { Group } from './fields'
import { MessageRows } from './message-rows'
import { strings } from './strings'

const s = strings.inspector

function TriggerRow({
  trigger,
  field,
  change,
  remove,
}: {
  trigger: Trigger
  field: string
  change: (trigger: Trigger) => void
  remove: () => void
}) {
  return (
    <div data-field={field} className="flex items-start gap-1">
      <div className="flex flex-1 flex-col gap-1">
        <KindTag kind={trigger.type} />
        {trigger.type === 'message' && (
          <MessageRows field={`${field}.when`} when={trigger.when} onChange={(when) => change({ ...trigger, when })} />
        )}
        {trigger.type === 'webhook' && (
          <div className="flex gap-1">
            <Input
              aria-label={s.path}
              data-field={`${field}.path`}
              className="font-mono !text-xs"
              value={trigger.path ?? ''}
              onChange={(event) => change({ ...trigger, path: event.target.value })}
            />
            <Select
              aria-label={s.respond}
              data-field={`${field}.respond`}
              value={trigger.respond ?? 'accepted'}
              onChange={(event) => change(answering(trigger, event.target.value))}
            >
              <option value="accepted">{s.responds.accepted}</option>
              <option value="end">{s.responds.end}</option>
            </Select>
          </div>
        )}
        {trigger.type === 'schedule' && (
          <div className="flex gap-1">
            <Input
              aria-label={s.cron}
              data-field={`${field}.cron`}
              className="font-mono !text-xs"
              value={trigger.cron}
              onChange={(event) => change({ ...trigger, cron: event.target.value })}
            />
            <Input
              aria-label={s.timeZone}
              data-field={`${field}.time_zone`}
              className="!text-xs"
              value={trigger.time_zone}
              onChange={(event) => change({ ...trigger, time_zone: event.target.value })}
            />
          </div>
        )}
      </div>
      <IconButton label={s.remove(s.triggerTypes[trigger.type])} onClick={remove}>
        <X size={13} />
      </IconButton>
    </div>
  )
}

/** The webhook with its answer at the end or at once; nothing waits for the latter. */
function answering(trigger: Extract<Trigger, { type: 'webhook' }>, respond: string): Trigger {
  if (respond === 'end') return { ...trigger, respond }
  const { respond: _respond, respond_within: _within, ...rest } = trigger
  return rest
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
