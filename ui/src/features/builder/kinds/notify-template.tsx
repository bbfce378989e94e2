import { Plus } from 'lucide-react'
import type { Notify } from '@/model/document'
import { Button } from '@/ui/button'
import { useBuilder } from '../context'
import { Group, movedUp, RowButtons, TextField } from '../fields'
import { strings } from '../strings'

const s = strings.notify.template
const LANGUAGE = 'en_US'

/** What WhatsApp gets for customers who did not write within 24 hours. */
export function NotifyTemplate({ id, step }: { id: string; step: Notify }) {
  const builder = useBuilder()
  const set = (value: Notify['template']) => builder.perform({ op: 'set_field', id, path: ['template'], value })
  const template = step.template
  if (!template) {
    return (
      <div>
        <Button small icon={<Plus size={13} />} onClick={() => set({ name: '', language: LANGUAGE })}>
          {s.add}
        </Button>
        <p className="mt-1 text-xs text-faint">{s.hint}</p>
      </div>
    )
  }
  const parameters = template.parameters ?? []
  const withParameters = (next: string[]) => set({ ...template, parameters: next.length > 0 ? next : undefined })
  return (
    <Group title={s.title} field="template">
      <TextField id={id} path={['template', 'name']} label={s.name} required placeholder={s.namePlaceholder} />
      <TextField id={id} path={['template', 'language']} label={s.language} required placeholder={LANGUAGE} />
      {parameters.map((_, index) => (
        <div key={index} className="flex items-start gap-1">
          <div className="min-w-0 flex-1">
            <TextField
              id={id}
              path={['template', 'parameters', index]}
              label={s.parameter(index + 1)}
              required
              mode="template"
              placeholder="{{ customer.name }}"
            />
          </div>
          <RowButtons
            first={index === 0}
            onUp={() => withParameters(movedUp(parameters, index))}
            onRemove={() => withParameters(parameters.filter((_, at) => at !== index))}
            upLabel={strings.condition.up}
            removeLabel={strings.inspector.remove(s.parameter(index + 1))}
          />
        </div>
      ))}
      <div className="flex gap-2">
        <Button small icon={<Plus size={13} />} onClick={() => withParameters([...parameters, ''])}>
          {s.addParameter}
        </Button>
        <Button small onClick={() => set(undefined)}>
          {s.remove}
        </Button>
      </div>
    </Group>
  )
}
