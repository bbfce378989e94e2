import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { UserPlus } from 'lucide-react'
import { useState } from 'react'
import { problemText } from '@/api/client'
import { queries } from '@/api/queries'
import type { Person } from '@/api/types'
import { AreaLinks } from '@/app/area'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMay, useMe } from '@/app/session'
import { Button } from '@/ui/button'
import { cx } from '@/ui/cx'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { useAway, type Away } from './away'
import { AddPerson, EditPerson, InviteLink, useMails } from './person-dialogs'
import { strings as s } from './strings'

function Row({
  person,
  away,
  may,
  onEdit,
  onInvite,
}: {
  person: Person
  away?: Away
  may: boolean
  onEdit: () => void
  onInvite: () => void
}) {
  const me = useMe()
  const client = useQueryClient()
  const flip = useMutation({
    mutationFn: () => writes.changePerson(person.id, { disabled: !person.disabled }),
    onError: (error) => toast.bad(problemText(error)),
    onSettled: () => client.invalidateQueries({ queryKey: ['people'] }),
  })
  const self = person.id === me.user.id
  return (
    <tr className={cx('h-12 border-b border-line', person.disabled && 'text-faint')}>
      <td className="truncate px-4">
        <span className="font-medium">{person.name}</span>{' '}
        {self && <span className="text-xs text-faint">({s.you})</span>}{' '}
        {person.disabled && <span className="text-xs text-bad">{s.disabled}</span>}
        {person.pending && <span className="text-xs text-warn">{s.pending}</span>}
        {away && (
          <span className="text-xs text-warn">{s.away(new Date(away.until).toLocaleDateString(), away.who)}</span>
        )}
        <span className="block truncate text-xs text-faint">{person.email}</span>
      </td>
      <td className="px-2">{person.role}</td>
      <td className="truncate px-2 text-muted">{person.groups.join(', ')}</td>
      <td className="px-4 text-right whitespace-nowrap">
        {person.pending && (
          <Button small look="quiet" disabled={!may} onClick={onInvite}>
            {s.invite}
          </Button>
        )}
        <Button small look="quiet" disabled={!may} onClick={onEdit}>
          {s.edit}
        </Button>
        <Button small look="quiet" disabled={!may || self} busy={flip.isPending} onClick={() => flip.mutate()}>
          {person.disabled ? s.enable : s.disable}
        </Button>
      </td>
    </tr>
  )
}

export default function PeoplePage() {
  useTitle(s.title)
  const query = useQuery(queries.people())
  const may = useMay('admin')
  const [dialog, setDialog] = useState<'add' | Person | null>(null)
  const mails = useMails()
  const away = useAway()
  const invite = useMutation({
    mutationFn: (id: string) => writes.invite(id, mails),
    onError: (error) => toast.bad(problemText(error)),
  })
  return (
    <>
      <PageHead
        title={s.title}
        below={<AreaLinks area="people" />}
        actions={
          <Button look="primary" icon={<UserPlus size={15} />} disabled={!may} onClick={() => setDialog('add')}>
            {s.add}
          </Button>
        }
      />
      <QueryState query={query}>
        {({ items }) => (
          <table aria-label={s.title} className="w-full table-fixed text-sm">
            <thead className="text-left text-xs text-faint">
              <tr className="border-b border-line">
                <th scope="col" className="px-4 py-2 font-medium">
                  {s.columns.name}
                </th>
                <th scope="col" className="w-24 px-2 py-2 font-medium">
                  {s.columns.role}
                </th>
                <th scope="col" className="w-1/4 px-2 py-2 font-medium">
                  {s.columns.groups}
                </th>
                <td className="w-56" />
              </tr>
            </thead>
            <tbody>
              {items.map((person) => (
                <Row
                  key={person.id}
                  person={person}
                  away={away.get(person.id)}
                  may={may}
                  onEdit={() => setDialog(person)}
                  onInvite={() => invite.mutate(person.id)}
                />
              ))}
            </tbody>
          </table>
        )}
      </QueryState>
      {invite.data && <InviteLink person={invite.data} onClose={() => invite.reset()} />}
      {dialog === 'add' && <AddPerson onClose={() => setDialog(null)} />}
      {dialog !== null && dialog !== 'add' && <EditPerson person={dialog} onClose={() => setDialog(null)} />}
    </>
  )
}
