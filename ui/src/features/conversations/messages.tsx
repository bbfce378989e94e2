import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useLayoutEffect, useRef } from 'react'
import type { Conversation } from '@/api/types'
import { Earlier } from '@/components/earlier'
import { Transcript } from '@/components/transcript'
import { withEarlier } from '@/model/earlier'
import { reads } from './api'
import { strings as s } from './strings'

/** What was said. The newest message stays in view; what comes in front of the others moves nobody who reads. */
export function Messages({ conversation }: { conversation: Conversation }) {
  const { id, messages, has_older } = conversation
  const client = useQueryClient()
  const box = useRef<HTMLDivElement>(null)
  /** How far the end is from where they read, while earlier messages come. */
  const below = useRef<number>(null)
  const first = messages[0]
  const newest = messages.at(-1)?.id
  const earlier = useMutation({
    mutationFn: () => reads.earlier(id, first?.position),
    onSuccess: (page) => {
      if (box.current) below.current = box.current.scrollHeight - box.current.scrollTop
      client.setQueryData(reads.conversation(id).queryKey, (held) => held && withEarlier(held, page))
    },
  })
  useEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight
  }, [newest])
  useLayoutEffect(() => {
    if (!box.current || below.current === null) return
    box.current.scrollTop = box.current.scrollHeight - below.current
    below.current = null
    // The button that was pressed is out of sight or gone.
    box.current.focus({ preventScroll: true })
  }, [first?.id])
  return (
    <div
      ref={box}
      className="min-h-0 flex-1 overflow-y-auto p-4 [overflow-anchor:none]"
      tabIndex={0}
      role="region"
      aria-label={s.title}
    >
      {has_older && <Earlier earlier={earlier} />}
      <Transcript messages={messages} className="mx-auto max-w-3xl" />
    </div>
  )
}
