import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CornerDownLeft, MessageSquareText } from 'lucide-react'
import { useId, useRef, useState, type KeyboardEvent } from 'react'
import { problemText } from '@/api/client'
import type { FilledReply } from '@/api/types'
import { useActions } from '@/app/actions'
import { gapsOf } from '@/model/gaps'
import { sendIds } from '@/model/send-ids'
import { ALONE, pickedIn, slashAt, wantedOf } from '@/model/slash'
import { Button } from '@/ui/button'
import { Textarea } from '@/ui/field'
import { toast } from '@/ui/toast'
import { say } from './api'
import { Replies, useReplies } from './replies'
import { strings as s } from './strings'

function useSay(conversation: string, onSaid: (text: string) => void) {
  const client = useQueryClient()
  const [ids] = useState(sendIds)
  return useMutation({
    mutationFn: (body: string) => say(conversation, { body, client_id: ids.of(body) }),
    onSuccess: (_, said) => {
      ids.arrived()
      onSaid(said)
      void client.invalidateQueries({ queryKey: ['checkpoints', 'detail'] })
      return client.invalidateQueries({ queryKey: ['conversations'] })
    },
    onError: (error) => toast.bad(problemText(error)),
  })
}

/** The text, and the canned reply that is asked for in it. */
function useText(conversation: string) {
  const [body, setBody] = useState('')
  const [slash, setSlash] = useState(ALONE)
  const [at, setAt] = useState(0)
  const box = useRef<HTMLTextAreaElement>(null)
  const asked = useReplies(conversation, wantedOf(body, slash))
  const items = asked?.items ?? []
  const place = Math.min(at, items.length - 1)
  const write = (text: string, [from, to]: [number, number]) => {
    setBody(text)
    setAt(0)
    // Once it stands in the box.
    requestAnimationFrame(() => {
      box.current?.focus()
      box.current?.setSelectionRange(from, to)
    })
  }
  return {
    body,
    box,
    asked,
    active: items[place],
    step: (by: number) => setAt((place + by + items.length) % items.length),
    type: (text: string) => {
      if (wantedOf(text, slash) === null) setSlash(ALONE)
      setBody(text)
      setAt(0)
    },
    ask: () => {
      if (asked) return box.current?.focus()
      const put = slashAt(body, box.current?.selectionEnd ?? body.length)
      setSlash(put.slash)
      const caret = put.slash.before.length + 1
      write(put.body, [caret, caret])
    },
    pick: (reply: FilledReply) => {
      const picked = pickedIn(slash, reply.text)
      setSlash(ALONE)
      write(picked.body, picked.selected)
    },
    leave: () => {
      setSlash(ALONE)
      write(slash.before + slash.after, [slash.before.length, slash.before.length])
    },
    // What was typed while it was on its way stays.
    said: (text: string) => setBody((now) => (now.trim() === text ? '' : now)),
  }
}

/** What is said to the customer of a conversation. A slash, or the key where there is one, picks a canned reply. */
export function Composer({ conversation, shortcut }: { conversation: string; shortcut?: string }) {
  const list = useId()
  const { body, box, asked, active, ...text } = useText(conversation)
  const saying = useSay(conversation, text.said)
  const gaps = gapsOf(body)
  const picking = asked !== null && (asked.looking || asked.items.length > 0)
  const ready = body.trim() !== '' && gaps.length === 0 && !picking && !saying.isPending
  const submit = () => {
    if (ready) saying.mutate(body.trim())
  }
  useActions([{ id: 'conversation.reply', label: s.pick, group: s.group, shortcut, run: text.ask }])
  const onKeyDown = (event: KeyboardEvent) => {
    // What ends the writing of a sign picks and sends nothing.
    if (event.nativeEvent.isComposing) return
    const goesOn = event.currentTarget === box.current && !event.shiftKey
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (active && step !== undefined) text.step(step)
    else if (active && (event.key === 'Enter' || (event.key === 'Tab' && goesOn))) text.pick(active)
    else if (asked && event.key === 'Escape') text.leave()
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit()
    else return
    event.preventDefault()
  }
  return (
    <div className="border-t border-line">
      {asked && <Replies id={list} asked={asked} active={active} onPick={text.pick} onKeyDown={onKeyDown} />}
      {gaps.length > 0 && (
        <p role="status" className="px-3 pt-2 text-sm break-words text-warn">
          {s.fill(gaps)}
        </p>
      )}
      <form
        className="flex items-end gap-2 p-3"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        {/* A box of many lines is no combobox: that the list is open is said by the list. */}
        <Textarea
          ref={box}
          rows={2}
          aria-label={s.reply}
          aria-autocomplete="list"
          aria-haspopup="listbox"
          aria-controls={active ? list : undefined}
          aria-activedescendant={active ? `${list}-${active.id}` : undefined}
          placeholder={s.placeholder}
          value={body}
          onChange={(event) => text.type(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <Button icon={<MessageSquareText size={15} />} aria-label={s.pick} title={s.pick} onClick={text.ask} />
        <Button
          type="submit"
          look="primary"
          icon={<CornerDownLeft size={15} />}
          shortcut="mod+enter"
          busy={saying.isPending}
          disabled={!ready}
        >
          {s.send}
        </Button>
      </form>
    </div>
  )
}
