import type { Approvers } from '@/model/document'
import { Checkbox } from '@/ui/field'
import { Group, useStepField } from '../fields'
import { strings } from '../strings'
import { ApproversFields } from './approval-parts/approvers'

const s = strings.inDoubt
const FIELD = 'unknown_outcome'

/** Who says what became of a call of which nobody knows whether it took place. */
export function InDoubtGroup({ id }: { id: string }) {
  const [policy, setPolicy] = useStepField<Approvers>(id, [FIELD])
  return (
    <Group title={s.title} field={FIELD}>
      <p className="text-xs text-muted">{s.text}</p>
      <Checkbox
        label={s.others}
        checked={policy !== undefined}
        onChange={(event) => setPolicy(event.target.checked ? { roles: ['operator'] } : undefined)}
      />
      {policy && <ApproversFields id={id} at={[FIELD]} single />}
    </Group>
  )
}
