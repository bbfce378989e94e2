import { useQuery } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import { queries } from '@/api/queries'
import type { Approvers } from '@/model/document'
import { Button, IconButton } from '@/ui/button'
import { Checkbox, Input } from '@/ui/field'
import { ListField, NameInput, NumberField, useStepField } from '../../fields'
import { strings } from '../../strings'
import { WhoNow } from './who-now'

const s = strings.approval
type Path = readonly (string | number)[]

/** The roles that decide something. */
const ROLES = ['operator', 'builder', 'admin']

/** Roles and groups there are, for who writes a policy. */
function useNames(): string[] {
  const { data } = useQuery(queries.people())
  const groups = (data?.items ?? []).flatMap((person) => person.groups)
  return [...new Set([...groups.sort(), ...ROLES])]
}

/** How many of a role or group must be among those who approve. */
function Counts({ id, at, names }: { id: string; at: Path; names: readonly string[] }) {
  const path = [...at, 'counts']
  const [counts, set] = useStepField<Record<string, number>>(id, path)
  const [added, setAdded] = useState(-1)
  const rows = Object.entries(counts ?? {})
  const write = (next: [string, number][]) => set(next.length > 0 ? Object.fromEntries(next) : undefined)
  const free = names.find((name) => !rows.some(([one]) => one === name)) ?? `group_${rows.length + 1}`
  return (
    <fieldset data-field={path.join('.')} className="flex min-w-0 flex-col gap-1.5">
      <legend className="mb-1 text-xs font-medium text-muted">{s.counts}</legend>
      {rows.map(([name, count], index) => (
        <div key={index} data-field={[...path, name].join('.')} className="flex items-start gap-1">
          <Input
            aria-label={s.countOf(name)}
            type="number"
            min={1}
            max={10}
            className="!w-16 shrink-0"
            value={count}
            onChange={(event) =>
              write(rows.map((row, place) => (place === index ? [name, Number(event.target.value)] : row)))
            }
          />
          <NameInput
            className="min-w-0 flex-1"
            autoFocus={index === added}
            label={s.countGroup(index + 1)}
            value={name}
            taken={(other) => rows.some(([one]) => one === other)}
            onCommit={(next) => write(rows.map((row, place) => (place === index ? [next, count] : row)))}
          />
          <IconButton
            label={strings.inspector.remove(name)}
            onClick={() => write(rows.filter((_, place) => place !== index))}
          >
            <X size={14} />
          </IconButton>
        </div>
      ))}
      <div>
        <Button
          small
          look="quiet"
          icon={<Plus size={13} />}
          onClick={() => {
            setAdded(rows.length)
            write([...rows, [free, 1]])
          }}
        >
          {s.addCount}
        </Button>
      </div>
    </fieldset>
  )
}

const MINUTES_SUGGESTED = 5

/** Whether who decides has to give their password, and how lately. */
function StepUp({ id, at }: { id: string; at: Path }) {
  const path = [...at, 'step_up']
  const [value, set] = useStepField<NonNullable<Approvers['step_up']>>(id, path)
  const [linksOnly, setLinksOnly] = useStepField<boolean>(id, [...path, 'links_only'])
  return (
    <>
      <Checkbox
        data-field={path.join('.')}
        label={s.stepUp}
        checked={value !== undefined}
        onChange={(event) => set(event.target.checked ? { minutes: MINUTES_SUGGESTED } : undefined)}
      />
      {value && (
        <>
          <NumberField
            id={id}
            path={[...path, 'minutes']}
            label={s.stepUpMinutes}
            hint={s.stepUpHint}
            fallback={MINUTES_SUGGESTED}
            min={1}
            max={60}
            keep
          />
          <Checkbox
            label={s.stepUpLinks}
            checked={linksOnly ?? false}
            onChange={(event) => setLinksOnly(event.target.checked || undefined)}
          />
        </>
      )}
    </>
  )
}

/**
 * One policy: who may decide, how many, whose no is enough, who not; and who that is now. `single`: where one answer is
 * all there is, nothing is counted.
 */
export function ApproversFields({ id, at, single = false }: { id: string; at: Path; single?: boolean }) {
  const [value] = useStepField<Approvers>(id, at)
  const [requester, setRequester] = useStepField<boolean>(id, [...at, 'exclude_requester'])
  const [author, setAuthor] = useStepField<boolean>(id, [...at, 'exclude_author'])
  const names = useNames()
  const place = at.join('.')
  return (
    <>
      <ListField id={id} path={[...at, 'roles']} label={s.roles} hint={s.rolesThere(names)} />
      <ListField id={id} path={[...at, 'users']} label={s.users} />
      {!single && (
        <>
          <NumberField id={id} path={[...at, 'quorum']} label={s.quorum} fallback={1} min={1} max={10} />
          <Counts id={id} at={at} names={names} />
          <NumberField id={id} path={[...at, 'rejections']} label={s.rejections} fallback={1} min={1} max={10} />
          <ListField id={id} path={[...at, 'veto']} label={s.veto} hint={s.vetoHint} />
        </>
      )}
      <Checkbox
        data-field={`${place}.exclude_requester`}
        label={s.exclude}
        checked={requester ?? false}
        onChange={(event) => setRequester(event.target.checked || undefined)}
      />
      <Checkbox
        data-field={`${place}.exclude_author`}
        label={s.excludeAuthor}
        checked={author ?? false}
        onChange={(event) => setAuthor(event.target.checked || undefined)}
      />
      <StepUp id={id} at={at} />
      <WhoNow approvers={value ?? {}} />
    </>
  )
}
