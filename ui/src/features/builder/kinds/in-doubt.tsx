import type { Approvers } from '@/model/document'
import { Checkbox } from '@/ui/field'
import { Group, ListField, useStepField } from '../fields'
import { strings } from '../strings'
import { WhoNow } from './approval-parts/who-now'

const s = strings.inDoubt
const FIELD = 'unknown_outcome'

function Policy({ id, policy }: { id: string; policy: Approvers }) {
  const [requester, setRequester] = useStepField<boolean>(id, [FIELD, 'exclude_requester'])
  return (
    <>
      <ListField id={id} path={[FIELD, 'roles']} label={strings.approval.roles} />
      <ListField id={id} path={[FIELD, 'users']} label={strings.approval.users} />
      <Checkbox
        data-field={`${FIELD}.exclude_requester`}
        label={strings.approval.exclude}
        checked={requester ?? false}
        onChange={(event) => setRequester(event.target.checked || undefined)}
      />
      <WhoNow approvers={policy} />
    </>
  )
}

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
      {policy && <Policy id={id} policy={policy} />}
    </Group>
  )
}
