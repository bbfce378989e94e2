import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { problemText } from '@/api/client'
import type { Conversation } from '@/api/types'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMay, useMe } from '@/app/session'
import { Composer } from '@/components/reply/composer'
import { Status } from '@/components/status'
import { CustomerCard } from '@/components/transcript'
import { Button } from '@/ui/button'
import { Input } from '@/ui/field'
import { Ago } from '@/ui/time'
import { toast } from '@/ui/toast'
import { reads, writes } from './api'
import { Consents } from './consents'
import { Identities } from './identities'
import { Messages } from './messages'
import { Aside, SnoozeButton } from './snooze'
import { strings as s } from './strings'

/** Who has the conversation, and its end. */
function Hands({ conversation }: { conversation: Conversation }) {
  const me = useMe()
  const client = useQueryClient()
  const refresh = () => client.invalidateQueries({ queryKey: ['conversations'] })
  const onError = (error: unknown) => toast.bad(problemText(error))
  const assign = useMutation({
    mutationFn: (to: string | null) => writes.assign(conversation.id, to),
    onSuccess: refresh,
    onError,
  })
  const close = useMutation({
    mutationFn: () => writes.close(conversation.id),
    onSuccess: () => {
      toast.ok(s.closed)
      return refresh()
    },
    onError,
  })
  const answered = useMutation({
    mutationFn: () => writes.answered(conversation.id),
    onSuccess: () => {
      toast.ok(s.unanswered.marked)
      return refresh()
    },
    onError,
  })
  const mine = conversation.assigned_to?.id === me.user.id
  return (
    <>
      {conversation.unanswered_since != null && (
        <Button busy={answered.isPending} onClick={() => answered.mutate()}>
          {s.unanswered.mark}
        </Button>
      )}
      <SnoozeButton conversation={conversation} />
      <Button busy={assign.isPending} onClick={() => assign.mutate(mine ? null : me.user.id)}>
        {mine ? s.giveBack : s.take}
      </Button>
      {conversation.status !== 'closed' && (
        <Button busy={close.isPending} onClick={() => close.mutate()}>
          {s.close}
        </Button>
      )}
    </>
  )
}

/** What colleagues wrote beside the conversation. */
function Notes({ id, may }: { id: string; may: boolean }) {
  const [body, setBody] = useState('')
  const client = useQueryClient()
  const { data } = useQuery(reads.notes(id))
  const add = useMutation({
    mutationFn: () => writes.note(id, body.trim()),
    onSuccess: () => {
      setBody('')
      return client.invalidateQueries({ queryKey: reads.notes(id).queryKey })
    },
    onError: (error) => toast.bad(problemText(error)),
  })
  return (
    <section>
      <h2 className="mb-2 text-xs font-semibold tracking-wide text-faint uppercase">{s.notes}</h2>
      <ul className="flex flex-col gap-2">
        {data?.items.map((note) => (
          <li key={note.id} className="text-sm">
            <p className="break-words whitespace-pre-wrap">{note.body}</p>
            <p className="text-xs text-faint">
              {note.author?.name} <Ago at={note.at} />
            </p>
          </li>
        ))}
      </ul>
      {may && (
        <form
          className="mt-2 flex gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            if (body.trim()) add.mutate()
          }}
        >
          <Input
            aria-label={s.note}
            placeholder={s.noteHint}
            value={body}
            onChange={(event) => setBody(event.target.value)}
          />
          <Button type="submit" busy={add.isPending} disabled={!body.trim()}>
            {s.addNote}
          </Button>
        </form>
      )}
    </section>
  )
}

function Detail({ conversation }: { conversation: Conversation }) {
  const may = useMay('operator')
  const name = conversation.customer?.name || s.anonymous
  useTitle(name)
  return (
    <>
      <PageHead
        actions={may && <Hands conversation={conversation} />}
        title={
          <>
            <Link to="/conversations" className="font-normal text-faint hover:text-text">
              {s.title}
            </Link>{' '}
            <span className="text-faint">/</span> {name}
          </>
        }
      >
        <span className="font-mono text-xs text-faint">{conversation.channel}</span>
        {conversation.unanswered_since != null && (
          <span className="text-sm text-warn">
            {s.unanswered.since} <Ago at={conversation.unanswered_since} />
          </span>
        )}
        <Aside snoozed={conversation.snoozed} />
        {conversation.assigned_to && (
          <span className="text-sm text-muted">{s.assigned(conversation.assigned_to.name)}</span>
        )}
      </PageHead>
      <div className="flex min-h-0 flex-1 flex-col md:flex-row">
        {/* On a phone the page scrolls: messages and box fill most of it, and what is beside them begins below. */}
        <div className="flex min-h-0 min-w-0 flex-1 flex-col max-md:h-[75dvh] max-md:flex-none">
          <Messages conversation={conversation} />
          {may && <Composer conversation={conversation.id} shortcut="/" />}
        </div>
        <aside className="flex w-full shrink-0 flex-col gap-5 border-line p-4 md:w-72 md:border-l">
          <section>
            <h2 className="mb-2 text-xs font-semibold tracking-wide text-faint uppercase">{s.customer}</h2>
            <CustomerCard customer={conversation.customer} />
            <Consents conversation={conversation} may={may} />
          </section>
          {conversation.customer && <Identities customer={conversation.customer} may={may} />}
          <Notes id={conversation.id} may={may} />
          <section>
            <h2 className="mb-2 text-xs font-semibold tracking-wide text-faint uppercase">{s.runs}</h2>
            {conversation.runs.length === 0 && <p className="text-sm text-faint">{s.noRuns}</p>}
            <ul className="flex flex-col gap-2">
              {conversation.runs.map((run) => (
                <li key={run.id} className="text-sm">
                  <Link to="/runs/$run" params={{ run: run.id }} className="font-medium hover:underline">
                    {run.workflow.name}
                  </Link>
                  <span className="flex items-center gap-2">
                    <Status status={run.status} className="!text-xs" />
                    <Ago at={run.started_at} className="text-xs text-faint" />
                  </span>
                </li>
              ))}
            </ul>
          </section>
        </aside>
      </div>
    </>
  )
}

export default function ConversationPage() {
  const { conversation: id } = useParams({ from: '/shell/conversations/$conversation' })
  const query = useQuery(reads.conversation(id))
  return (
    <QueryState query={query}>
      {(conversation) => <Detail key={conversation.id} conversation={conversation} />}
    </QueryState>
  )
}
