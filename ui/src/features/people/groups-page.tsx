import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus, UsersRound, X } from 'lucide-react'
import { useState } from 'react'
import { problemText } from '@/api/client'
import { queries } from '@/api/queries'
import type { Person } from '@/api/types'
import { AreaLinks } from '@/app/area'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMay } from '@/app/session'
import { FormDialog } from '@/components/form-dialog'
import { membersByGroup } from '@/model/groups'
import { Button, IconButton } from '@/ui/button'
import { Field, Input, Select } from '@/ui/field'
import { Empty } from '@/ui/states'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { useAway, type Away } from './away'
import { strings } from './strings'

const s = strings.groupsPage

/** Writes the groups of one person. */
function useGroupsOf() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ person, groups }: { person: Person; groups: string[] }) =>
      writes.changePerson(person.id, { groups }),
    onError: (error) => toast.bad(problemText(error)),
    onSettled: () => client.invalidateQueries({ queryKey: ['people'] }),
  })
}

/** Somebody for a group, or a group with its first member. */
function AddDialog({ group, people, onClose }: { group?: string; people: readonly Person[]; onClose: () => void }) {
  const [name, setName] = useState(group ?? '')
  const named = name.trim().toLowerCase()
  const free = people.filter((person) => !person.disabled && !person.groups.includes(named))
  const [chosen, setChosen] = useState<string>()
  const person = free.find((one) => one.id === chosen) ?? free[0]
  const change = useGroupsOf()
  return (
    <FormDialog
      title={group ? s.addTo(group) : s.create}
      text={group ? undefined : s.createText}
      submit={s.submit}
      disabled={!person || named === ''}
      sending={change}
      onClose={onClose}
      onSubmit={() =>
        person && change.mutate({ person, groups: [...person.groups, named] }, { onSuccess: () => onClose() })
      }
    >
      {!group && (
        <Field label={s.name} hint={s.nameHint}>
          {(props) => (
            <Input
              {...props}
              required
              autoFocus
              maxLength={64}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
      )}
      <Field label={group ? s.person : s.member}>
        {(props) => (
          <Select {...props} value={person?.id ?? ''} onChange={(event) => setChosen(event.target.value)}>
            {free.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name} · {one.email}
              </option>
            ))}
          </Select>
        )}
      </Field>
    </FormDialog>
  )
}

function Member({ person, group, away, may }: { person: Person; group: string; away?: Away; may: boolean }) {
  const change = useGroupsOf()
  const mark = person.disabled ? strings.disabled : person.pending ? strings.pending : undefined
  return (
    <li className="flex min-h-9 items-center gap-2 border-b border-line px-4 py-1 last:border-b-0">
      <span className="min-w-0 flex-1">
        <span className="font-medium">{person.name}</span> <span className="text-muted">{person.email}</span>{' '}
        <span className="text-xs text-faint">{person.role}</span>{' '}
        {mark && <span className="text-xs text-warn">{mark}</span>}
        {away && (
          <span className="text-xs text-warn">{strings.away(new Date(away.until).toLocaleDateString(), away.who)}</span>
        )}
      </span>
      <IconButton
        label={s.remove(person.name, group)}
        disabled={!may || change.isPending}
        onClick={() => change.mutate({ person, groups: person.groups.filter((one) => one !== group) })}
      >
        <X size={14} />
      </IconButton>
    </li>
  )
}

/** Who may be named together: each group with its members, and whether any of them can decide. */
export default function GroupsPage() {
  useTitle(s.title)
  const query = useQuery(queries.people())
  const may = useMay('admin')
  const away = useAway()
  const [adding, setAdding] = useState<{ group?: string } | null>(null)
  return (
    <>
      <PageHead
        title={s.title}
        below={<AreaLinks area="people" />}
        actions={
          <Button look="primary" icon={<UsersRound size={15} />} disabled={!may} onClick={() => setAdding({})}>
            {s.create}
          </Button>
        }
      />
      <QueryState query={query}>
        {({ items }) => {
          const groups = membersByGroup(items)
          return (
            <div className="flex flex-col gap-4 p-4">
              <p className="max-w-prose text-sm text-muted">{s.text}</p>
              {groups.length === 0 && (
                <Empty icon={<UsersRound size={20} />} title={s.none}>
                  {s.noneText}
                </Empty>
              )}
              {groups.map(({ name, members }) => {
                const able = members.filter((one) => !one.disabled && !one.pending && !away.has(one.id)).length
                return (
                  <section key={name} aria-label={name} className="rounded-lg border border-line text-sm">
                    <header className="flex flex-wrap items-center gap-x-3 border-b border-line bg-sunken px-4 py-1.5">
                      <h2 className="font-mono font-semibold break-all">{name}</h2>
                      <span className="text-xs text-faint">{s.members(members.length)}</span>
                      <span className={`text-xs ${able > 0 ? 'text-faint' : 'text-warn'}`}>
                        {able > 0 ? s.able(able) : s.nobody}
                      </span>
                      <IconButton
                        label={s.addTo(name)}
                        className="ml-auto"
                        disabled={!may}
                        onClick={() => setAdding({ group: name })}
                      >
                        <Plus size={14} />
                      </IconButton>
                    </header>
                    <ul>
                      {members.map((person) => (
                        <Member key={person.id} person={person} group={name} away={away.get(person.id)} may={may} />
                      ))}
                    </ul>
                  </section>
                )
              })}
              {adding && <AddDialog {...adding} people={items} onClose={() => setAdding(null)} />}
            </div>
          )
        }}
      </QueryState>
    </>
  )
}
