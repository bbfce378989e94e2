import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { CornerDownLeft, MessageSquareText } from 'lucide-react'
import { useRef, useState, type KeyboardEvent } from 'react'
import { problemText } from '@/api/client'
import { useActions } from '@/app/actions'
import { Button } from '@/ui/button'
import { sendIds } from '@/model/send-ids'
import { cx } from '@/ui/cx'
import { Textarea } from '@/ui/field'
import { toast } from '@/ui/toast'
import type { FilledReply } from '@/api/types'
import { reads, writes } from './api'
import { firstGap, gapsOf } from './gaps'
import { strings as s } from './strings'

const LIST = 'canned-replies'
const idOf = (reply: FilledReply) => `${LIST}-${reply.id}`

/** What is asked for while the text is only a slash and the begin of a name. */
function wantedOf(body: string): string | null {
  return /^\/(\S*)$/.exec(body)?.[1]?.toLowerCase() ?? null
}

/** The canned replies of a begun name. */
function useReplies(id: string, wanted: string | null) {
  const { data } = useQuery({ ...reads.replies(id), enabled: wanted != null })
  if (wanted == null) return undefined
  return data?.items.filter((reply) => reply.name.toLowerCase().includes(wanted))
}

function Replies({
  replies,
  at,
  onPick,
}: {
  replies: FilledReply[]
  at: number
  onPick: (reply: FilledReply) => void
}) {
  if (replies.length === 0) return <p className="px-3 pt-2 text-sm text-faint">{s.replies.noneHere}</p>
  return (
    <ul role="listbox" id={LIST} aria-label={s.replies.title} className="max-h-52 overflow-y-auto px-3 pt-2">
      {replies.map((reply, index) => (
        <li
          key={reply.id}
          id={idOf(reply)}
          role="option"
          aria-selected={index === at}
          className={cx('cursor-pointer rounded-md px-2 py-1.5 text-sm', index === at && 'bg-hover')}
          // The text box keeps the focus.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onPick(reply)}
        >
          <span className="font-medium">/{reply.name}</span>{' '}
          {reply.gaps.length > 0 && <span className="text-warn">{s.replies.gaps(reply.gaps)}</span>}
          <span className="block truncate text-muted">{reply.text}</span>
        </li>
      ))}
    </ul>
  )
}

function useReply(id: string, body: string, onSent: () => void) {
  const client = useQueryClient()
  const [ids] = useState(sendIds)
  return useMutation({
    mutationFn: () => writes.reply(id, { body: body.trim(), client_id: ids.of(body.trim()) }),
    onSuccess: () => {
      ids.arrived()
      onSent()
      return client.invalidateQueries({ queryKey: ['conversations'] })
    },
    onError: (error) => toast.bad(problemText(error)),
  })
}

/** What an operator writes to the customer. A slash picks one of the canned replies. */
export function Composer({ id }: { id: string }) {
  const [body, setBody] = useState('')
  const [at, setAt] = useState(0)
  const box = useRef<HTMLTextAreaElement>(null)
  const wanted = wantedOf(body)
  const replies = useReplies(id, wanted)
  const gaps = gapsOf(body)
  const active = replies?.[Math.min(at, replies.length - 1)]
  const reply = useReply(id, body, () => setBody(''))
  const picking = wanted != null && replies?.length !== 0
  const ready = body.trim() !== '' && gaps.length === 0 && !picking && !reply.isPending
  const ask = () => {
    setBody((before) => (before.trim() === '' ? '/' : before))
    setAt(0)
    box.current?.focus()
  }
  useActions([{ id: 'conversation.reply', label: s.replies.pick, group: s.title, shortcut: '/', run: ask }])
  const pick = (picked: FilledReply) => {
    setBody(picked.text)
    // The first gap is what is typed next.
    requestAnimationFrame(() => {
      const [from, to] = firstGap(picked.text) ?? [picked.text.length, picked.text.length]
      box.current?.focus()
      box.current?.setSelectionRange(from, to)
    })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (replies && active && step !== 0) {
      event.preventDefault()
      setAt((replies.indexOf(active) + step + replies.length) % replies.length)
    } else if (active && (event.key === 'Enter' || event.key === 'Tab')) {
      event.preventDefault()
      pick(active)
    } else if (replies && event.key === 'Escape') {
      event.preventDefault()
      setBody('')
    } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      if (ready) reply.mutate()
    }
  }
  return (
    <div className="border-t border-line">
      {replies && <Replies replies={replies} at={active ? replies.indexOf(active) : 0} onPick={pick} />}
      {gaps.length > 0 && (
        <p role="status" className="px-3 pt-2 text-sm text-warn">
          {s.replies.fill(gaps)}
        </p>
      )}
      <form
        className="flex items-end gap-2 p-3"
        onSubmit={(event) => {
          event.preventDefault()
          if (ready) reply.mutate()
        }}
      >
        <Textarea
          ref={box}
          rows={2}
          aria-label={s.reply}
          aria-controls={active ? LIST : undefined}
          aria-activedescendant={active ? idOf(active) : undefined}
          placeholder={s.placeholder}
          value={body}
          title={s.shortcut}
          onChange={(event) => {
            setBody(event.target.value)
            setAt(0)
          }}
          onKeyDown={onKeyDown}
        />
        <Button
          icon={<MessageSquareText size={15} />}
          aria-label={s.replies.pick}
          title={s.replies.pick}
          onClick={ask}
        />
        <Button
          type="submit"
          look="primary"
          icon={<CornerDownLeft size={15} />}
          busy={reply.isPending}
          disabled={!ready}
        >
          {s.send}
        </Button>
      </form>
    </div>
  )
}
