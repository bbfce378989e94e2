import type { Approval } from '@/model/document'
import { Checkbox } from '@/ui/field'
import { Group, TextField, useStepField } from '../fields'
import { strings } from '../strings'
import { WaitingField } from '../waiting-field'
import { ApproversFields } from './approval-parts/approvers'
import { Guards, StandingFields } from './approval-parts/guards'
import { Answering, Facts } from './approval-parts/shown'
import { Tiers } from './approval-parts/tiers'
import { Waiting } from './approval-parts/time'

const s = strings.approval

/** What is shown, what a yes allows, who decides, how long it waits, and what may be allowed in advance. */
export function ApprovalEditor({ id, step }: { id: string; step: Approval }) {
  const [empty, setEmpty] = useStepField<boolean>(id, ['allow_empty'])
  const [waiting, setWaiting] = useStepField<boolean | string>(id, ['waiting_message'])
  return (
    <>
      <TextField
        id={id}
        path={['summary']}
        label={s.summary}
        rows={2}
        required
        mode="template"
        placeholder={strings.tool.template}
      />
      <Checkbox
        data-field="allow_empty"
        label={s.allowEmpty}
        checked={empty ?? false}
        onChange={(event) => setEmpty(event.target.checked || undefined)}
      />
      <Facts id={id} />
      <WaitingField
        label={strings.waiting.approval}
        hint={strings.waiting.approvalHint}
        value={waiting}
        onChange={setWaiting}
      />
      <Guards id={id} step={step} />
      <Group title={s.who} field="approvers">
        <ApproversFields id={id} at={['approvers']} />
      </Group>
      <Tiers id={id} />
      <Answering id={id} step={step} />
      <Waiting id={id} step={step} />
      <StandingFields id={id} step={step} />
    </>
  )
}
