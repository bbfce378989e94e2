import { Plus } from 'lucide-react'
import type { Condition } from '@/model/document'
import { branchesOf } from '@/model/exits'
import { Button } from '@/ui/button'
import { useBuilder } from '../context'
import { Group, movedUp, RowButtons, TextField } from '../fields'
import { strings } from '../strings'
import { WhenField } from '../when-field'

const s = strings.condition

export function ConditionEditor({ id, step }: { id: string; step: Condition }) {
  const builder = useBuilder()
  const branches = branchesOf(step)
  const set = (next: Condition['branches']) =>
    builder.perform({ op: 'replace_step', id, step: { ...step, branches: next } })
  return (
    <Group title={s.branches} field="branches">
      <ol className="flex flex-col gap-2">
        {branches.map((_, index) => (
          <li
            key={index}
            data-field={`branches.${index}`}
            className="flex flex-col gap-2 rounded-md border border-line p-2"
          >
            <div className="flex items-center">
              <span className="text-xs text-faint">{index + 1}.</span>
              <RowButtons
                first={index === 0}
                removable={branches.length > 1}
                onUp={() => set(movedUp(branches, index))}
                onRemove={() => set(branches.filter((_, at) => at !== index))}
                upLabel={s.up}
                removeLabel={strings.inspector.remove(String(index + 1))}
              />
            </div>
            <WhenField id={id} index={index} />
            <TextField id={id} path={['branches', index, 'label']} label={s.label} />
          </li>
        ))}
      </ol>
      <div>
        <Button small icon={<Plus size={13} />} onClick={() => set([...branches, { when: '', next: step.otherwise }])}>
          {s.add}
        </Button>
      </div>
    </Group>
  )
}
