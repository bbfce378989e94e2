import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { Approvers } from '@/model/document'
import { Note } from '@/ui/states'
import { reads } from '../../api'
import { strings } from '../../strings'

const s = strings.approval

/** What of a policy the server is asked about; a no needs nobody to be counted. */
function asked({ veto: _veto, rejections: _rejections, ...policy }: Approvers) {
  return policy
}

/** Whom the policy lets approve among the people there are, and what is missing; the server says. */
export function WhoNow({ approvers }: { approvers: Approvers }) {
  const { data } = useQuery({ ...reads.approversPreview(asked(approvers)), placeholderData: keepPreviousData })
  if (!data) return null
  const able = data.people.filter((person) => person.hindered == null)
  const hindered = data.people.filter((person) => person.hindered != null)
  const few = data.missing ? s.missing(data.missing) : s.tooFew(able.length, approvers.quorum ?? 1)
  return (
    <div className="flex flex-col gap-1 text-xs text-muted">
      <p>
        <span className="font-medium">{s.now}:</span> {able.map((person) => person.name).join(', ') || s.noOne}
      </p>
      {hindered.length > 0 && (
        <p>
          {s.hindered}: {hindered.map((person) => `${person.name} (${person.hindered})`).join(', ')}
        </p>
      )}
      {!data.enough && <Note tone="bad">{able.length === 0 ? s.nobody : few}</Note>}
      {data.enough && !data.enough_without_requester && <Note tone="warn">{s.requesterNeeded}</Note>}
    </div>
  )
}
