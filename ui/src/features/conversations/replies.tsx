import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { MessageSquareText } from 'lucide-react'
import { useState } from 'react'
import { QueryState } from '@/app/query-state'
import { useMay } from '@/app/session'
import { ConfirmDialog, FormDialog } from '@/components/form-dialog'
import { Button } from '@/ui/button'
import { Field, Input, Textarea } from '@/ui/field'
import { Empty } from '@/ui/states'
import type { CannedReply } from '@/api/types'
import { reads, writes } from './api'
import { strings } from './strings'

const s = strings.replies
const NAME_MAX = 40
const BODY_MAX = 4000

/** Adds a canned reply, or changes one. */
function EditReply({ reply, onClose }: { reply?: CannedReply; onClose: () => void }) {
  const [name, setName] = useState(reply?.name ?? '')
  const [body, setBody] = useState(reply?.body ?? '')
  const client = useQueryClient()
  const save = useMutation({
    mutationFn: () => writes.keepReply(reply?.id, { name: name.trim(), body: body.trim() }),
    onSuccess: () => {
      onClose()
      return client.invalidateQueries({ queryKey: ['conversations', 'canned'] })
    },
  })
  return (
    <FormDialog
      title={reply ? s.changeNamed(reply.name) : s.add}
      submit={s.save}
      sending={save}
      onSubmit={() => save.mutate()}
      onClose={onClose}
    >
      <Field label={s.name} hint={s.nameHint}>
        {(props) => (
          <Input
            {...props}
            required
            maxLength={NAME_MAX}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <Field label={s.body} hint={s.bodyHint}>
        {(props) => (
          <Textarea
            {...props}
            required
            rows={6}
            maxLength={BODY_MAX}
            value={body}
            onChange={(event) => setBody(event.target.value)}
          />
        )}
      </Field>
    </FormDialog>
  )
}

function RemoveReply({ reply, onClose }: { reply: CannedReply; onClose: () => void }) {
  const client = useQueryClient()
  const remove = useMutation({
    mutationFn: () => writes.removeReply(reply.id),
    onSuccess: () => {
      onClose()
      return client.invalidateQueries({ queryKey: ['conversations', 'canned'] })
    },
  })
  return (
    <ConfirmDialog
      title={s.removeNamed(reply.name)}
      text={s.removeText}
      words={{ keep: s.keep, confirm: s.remove }}
      sending={remove}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    />
  )
}

type Asked = { what: 'edit'; reply?: CannedReply } | { what: 'remove'; reply: CannedReply }

/** The texts that operators reply with; administrators keep them. */
export function CannedReplies() {
  const may = useMay('admin')
  const [asked, setAsked] = useState<Asked>()
  const close = () => setAsked(undefined)
  const add = may && (
    <Button look="primary" onClick={() => setAsked({ what: 'edit' })}>
      {s.add}
    </Button>
  )
  const query = useQuery(reads.canned())
  return (
    <QueryState query={query}>
      {({ items }) => (
        <>
          {items.length === 0 ? (
            <Empty icon={<MessageSquareText size={20} />} title={s.none} action={add}>
              {may ? s.noneText : s.noneTextOperator}
            </Empty>
          ) : (
            <>
              {add && <div className="flex justify-end border-b border-line p-3">{add}</div>}
              <ul aria-label={s.title}>
                {items.map((reply) => (
                  <li key={reply.id} className="flex items-start justify-between gap-3 border-b border-line px-4 py-3">
                    <div className="min-w-0 text-sm">
                      <p className="font-medium">/{reply.name}</p>
                      <p className="break-words whitespace-pre-wrap text-muted">{reply.body}</p>
                    </div>
                    {may && (
                      <div className="flex shrink-0 flex-wrap justify-end gap-2">
                        <Button
                          small
                          aria-label={s.changeNamed(reply.name)}
                          onClick={() => setAsked({ what: 'edit', reply })}
                        >
                          {s.change}
                        </Button>
                        <Button
                          small
                          look="danger"
                          aria-label={s.removeNamed(reply.name)}
                          onClick={() => setAsked({ what: 'remove', reply })}
                        >
                          {s.remove}
                        </Button>
                      </div>
                    )}
                  </li>
                ))}
              </ul>
            </>
          )}
          {asked?.what === 'edit' && <EditReply reply={asked.reply} onClose={close} />}
          {asked?.what === 'remove' && <RemoveReply reply={asked.reply} onClose={close} />}
        </>
      )}
    </QueryState>
  )
}
