import { Plus } from 'lucide-react'
import type { Tier } from '@/model/document'
import { Button } from '@/ui/button'
import { Group, movedUp, RowButtons, TextField, useStepField } from '../../fields'
import { strings } from '../../strings'
import { WhenField } from '../../when-field'
import { ApproversFields } from './approvers'

const s = strings.approval

/** Who decides instead in certain cases: the first that holds. */
export function Tiers({ id }: { id: string }) {
  const [value, set] = useStepField<Tier[]>(id, ['tiers'])
  const tiers = value ?? []
  const write = (next: Tier[]) => set(next.length > 0 ? next : undefined)
  return (
    <Group title={s.tiers} field="tiers">
      <p className="text-xs text-faint">{s.tiersHint}</p>
      {tiers.map((_, index) => (
        <fieldset
          key={index}
          aria-label={s.tier(index + 1)}
          data-field={`tiers.${index}`}
          className="flex min-w-0 flex-col gap-3 rounded-md border border-line p-2"
        >
          <div className="flex items-center">
            <span className="text-xs text-faint">{s.tier(index + 1)}</span>
            <RowButtons
              first={index === 0}
              onUp={() => write(movedUp(tiers, index))}
              onRemove={() => write(tiers.filter((_tier, place) => place !== index))}
              upLabel={`${strings.condition.up}: ${s.tier(index + 1)}`}
              removeLabel={strings.inspector.remove(s.tier(index + 1))}
            />
          </div>
          <WhenField id={id} index={index} list="tiers" />
          <TextField id={id} path={['tiers', index, 'label']} label={s.tierLabel} />
          <ApproversFields id={id} at={['tiers', index, 'approvers']} />
        </fieldset>
      ))}
      <div>
        <Button
          small
          icon={<Plus size={13} />}
          onClick={() => write([...tiers, { when: '', approvers: { roles: ['manager'] } }])}
        >
          {s.addTier}
        </Button>
      </div>
    </Group>
  )
}
