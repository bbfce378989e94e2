import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { ApiProblem } from '@/api/client'
import { refresh } from '@/api/refresh'
import type { ChatView } from '@/api/types'
import { withEarlier } from '@/model/earlier'
import { reads, viewKey, writes } from './api'
import { loadVisitor, saveVisitor, type Visitor } from './visitor'

type Pending = { clientId: string; body: string; failed: boolean }

const POLL_MS = 8_000
/** Events are hints: now and then the conversation is read although none came. */
const SAFETY_MS = 30_000

/** Follows the conversation's events; polling covers for them while they are cut off. */
function useLive(visitor: Visitor | null): boolean {
  const client = useQueryClient()
  const [live, setLive] = useState(false)
  useEffect(() => {
    if (!visitor) return
    const source = new EventSource(
      `/api/v1/chat/conversations/${encodeURIComponent(visitor.conversation)}/events` +
        `?visitor=${encodeURIComponent(visitor.token)}`,
    )
    const read = () => void refresh(client, viewKey(visitor))
    for (const kind of ['conversation', 'resync']) source.addEventListener(kind, read)
    source.addEventListener('open', () => {
      setLive(true)
      read()
    })
    source.addEventListener('error', () => setLive(false))
    return () => source.close()
  }, [client, visitor])
  return live
}

/** One visitor's conversation: what was said, what is on its way, and how to say more. */
export function useChat(workspace: string) {
  const client = useQueryClient()
  const [visitor, setVisitor] = useState(() => loadVisitor(workspace))
  const [pending, setPending] = useState<Pending[]>([])
  const live = useLive(visitor)

  const view = useQuery({
    ...reads.view(visitor),
    enabled: visitor !== null,
    refetchInterval: live ? SAFETY_MS : POLL_MS,
    retry: (failures, error) =>
      failures < 3 && !(error instanceof ApiProblem && error.status >= 400 && error.status < 500),
  })

  const open = async (): Promise<Visitor> => {
    if (visitor) return visitor
    const started = await writes.beginConversation(workspace, {})
    const fresh = { conversation: started.conversation, token: started.token }
    saveVisitor(workspace, fresh)
    setVisitor(fresh)
    return fresh
  }

  const say = useMutation({
    // One after the other: the order of messages is the order of sending.
    scope: { id: 'chat' },
    // The client id makes a second sending harmless.
    retry: (failures, error) =>
      failures < 3 && !(error instanceof ApiProblem && error.status >= 400 && error.status < 500),
    mutationFn: async ({ clientId, body }: { clientId: string; body: string }) => {
      const who = await open()
      await writes.say(who.conversation, { body, client_id: clientId }, who.token)
      await refresh(client, viewKey(who))
    },
    onMutate: ({ clientId, body }) =>
      setPending((list) => [...list.filter((entry) => entry.clientId !== clientId), { clientId, body, failed: false }]),
    onSuccess: (_, { clientId }) => setPending((list) => list.filter((entry) => entry.clientId !== clientId)),
    onError: (_, { clientId }) =>
      setPending((list) => list.map((entry) => (entry.clientId === clientId ? { ...entry, failed: true } : entry))),
  })

  const earlier = useMutation({
    mutationFn: async () => {
      const first = view.data?.messages[0]
      if (!first) return
      const page = await reads.earlier(visitor, first.position)
      client.setQueryData<ChatView>(viewKey(visitor), (held) => held && withEarlier(held, page))
    },
  })

  const known = new Set(view.data?.messages.map((message) => message.client_id))
  const forget = () => {
    saveVisitor(workspace, null)
    setVisitor(null)
    setPending([])
  }
  const lost = view.error instanceof ApiProblem && [401, 403, 404].includes(view.error.status)
  return {
    visitor,
    messages: view.data?.messages ?? [],
    working: view.data?.working ?? false,
    name: view.data?.workspace_name,
    loading: visitor !== null && view.isPending,
    offline: view.error !== null && !lost,
    lost,
    forget,
    pending: pending.filter((entry) => !known.has(entry.clientId)),
    // The same client id goes out again on a retry, so the server takes the message once.
    say: (body: string, clientId: string = crypto.randomUUID()) => say.mutate({ clientId, body }),
    earlier: view.data?.has_older ? earlier : null,
    refresh: () => refresh(client, viewKey(visitor)),
  }
}
