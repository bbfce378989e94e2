import { useParams } from '@tanstack/react-router'
import { SendHorizontal, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { Message } from '@/api/types'
import { useTitle } from '@/app/page'
import { Earlier } from '@/components/earlier'
import { Button, IconButton } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Skeleton } from '@/ui/states'
import { ChatForm } from './chat-form'
import { strings as s } from './strings'
import { useChat } from './use-chat'

const EMBEDDED = window.parent !== window

/** Asks the page around the widget's frame to hide it. */
function closeFrame(): void {
  window.parent.postMessage({ countersign: 'close' }, '*')
}

type Chat = ReturnType<typeof useChat>

function Bubble({ mine, children, faint }: { mine: boolean; children: React.ReactNode; faint?: boolean }) {
  return (
    <div
      className={cx(
        'max-w-[85%] rounded-2xl px-3.5 py-2 text-[15px] leading-snug break-words whitespace-pre-wrap',
        mine ? 'self-end rounded-br-md bg-accent text-accent-text' : 'self-start rounded-bl-md bg-hover',
        faint && 'opacity-60',
      )}
      style={{ animation: 'rise 180ms ease-out' }}
    >
      {children}
    </div>
  )
}

function Entry({ message, chat }: { message: Message; chat: Chat }) {
  if (message.author.kind === 'system')
    return <li className="self-center px-6 text-center text-xs text-faint">{message.body}</li>
  const mine = message.author.kind === 'customer'
  return (
    <li className={cx('flex flex-col gap-1.5', mine ? 'items-end' : 'items-start')}>
      {message.author.kind === 'operator' && message.author.name && (
        <span className="px-1 text-xs text-faint">{message.author.name}</span>
      )}
      {message.body && <Bubble mine={mine}>{message.body}</Bubble>}
      {message.form && chat.visitor && (
        <ChatForm form={message.form} said={message.body} visitor={chat.visitor} onDone={() => void chat.refresh()} />
      )}
    </li>
  )
}

function Working() {
  return (
    <li
      className="flex items-center gap-2 self-start rounded-2xl rounded-bl-md bg-hover px-3.5 py-2.5 text-sm text-muted"
      role="status"
    >
      <span aria-hidden className="flex gap-1">
        {[0, 1, 2].map((dot) => (
          <span
            key={dot}
            className="size-1.5 animate-bounce rounded-full bg-faint motion-reduce:animate-none"
            style={{ animationDelay: `${dot * 150}ms` }}
          />
        ))}
      </span>
      {s.working}
    </li>
  )
}

function Log({ chat }: { chat: Chat }) {
  const end = useRef<HTMLDivElement>(null)
  const last = chat.messages.at(-1)?.id
  const below = chat.pending.length + (chat.working ? 1 : 0)
  // What comes in front moves nobody away from where they read.
  useEffect(() => {
    void end.current?.scrollIntoView({ block: 'end' })
  }, [last, below])
  const empty = !chat.loading && chat.messages.length + below === 0
  return (
    <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain" tabIndex={0} role="region" aria-label={s.log}>
      <div className="mx-auto flex min-h-full max-w-xl flex-col justify-end px-4 py-5">
        {chat.loading && (
          <div className="flex flex-col gap-3">
            <Skeleton className="h-9 w-56 !rounded-2xl" />
            <Skeleton className="h-9 w-40 self-end !rounded-2xl" />
          </div>
        )}
        {empty && (
          <div className="m-auto max-w-xs text-center">
            <p className="text-xl font-semibold">{s.welcome}</p>
            <p className="mt-1 text-sm text-muted">{s.welcomeHint}</p>
          </div>
        )}
        {chat.earlier && <Earlier earlier={chat.earlier} />}
        <ol aria-live="polite" className="flex flex-col gap-3">
          {chat.messages.map((message) => (
            <Entry key={message.id} message={message} chat={chat} />
          ))}
          {chat.pending.map((entry) => (
            <li key={entry.clientId} className="flex flex-col items-end gap-0.5">
              <Bubble mine faint>
                {entry.body}
              </Bubble>
              {entry.failed ? (
                <button
                  type="button"
                  className="px-1 text-xs text-bad underline"
                  onClick={() => chat.say(entry.body, entry.clientId)}
                >
                  {s.failed}
                </button>
              ) : (
                <span className="px-1 text-xs text-faint">{s.sending}</span>
              )}
            </li>
          ))}
          {chat.working && <Working />}
        </ol>
        <div ref={end} />
      </div>
    </div>
  )
}

function Composer({ onSay }: { onSay: (body: string) => void }) {
  const [body, setBody] = useState('')
  const submit = () => {
    if (!body.trim()) return
    onSay(body.trim())
    setBody('')
  }
  return (
    <form
      className="border-t border-line bg-bg pb-[env(safe-area-inset-bottom)]"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <div className="mx-auto flex max-w-xl items-end gap-2 px-3 py-3">
        <textarea
          rows={1}
          aria-label={s.placeholder}
          placeholder={s.placeholder}
          value={body}
          maxLength={4000}
          onChange={(event) => setBody(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
            event.preventDefault()
            submit()
          }}
          className={cx(
            'field-sizing-content max-h-36 min-h-11 flex-1 resize-none rounded-3xl border border-line-strong bg-bg',
            'px-4 py-2.5 text-base leading-snug',
          )}
        />
        <button
          type="submit"
          aria-label={s.send}
          disabled={!body.trim()}
          className={cx(
            'flex size-11 shrink-0 items-center justify-center rounded-full bg-accent text-accent-text',
            'transition-opacity disabled:opacity-40',
          )}
        >
          <SendHorizontal size={18} />
        </button>
      </div>
    </form>
  )
}

/** The customer's page: no login, one conversation, everything inline. */
export default function ChatPage() {
  const { workspace } = useParams({ from: '/c/$workspace' })
  const chat = useChat(workspace)
  const name = chat.name ?? workspace.replaceAll('-', ' ').replace(/\b\w/g, (letter) => letter.toUpperCase())
  useTitle(name)
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && EMBEDDED && closeFrame()
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
  return (
    <main className="flex h-dvh flex-col bg-bg">
      <header className="border-b border-line">
        <div className="mx-auto flex h-14 max-w-xl items-center gap-3 px-4">
          <span
            aria-hidden
            className={cx(
              'flex size-8 items-center justify-center rounded-full bg-accent text-sm font-semibold text-accent-text',
            )}
          >
            {name.charAt(0)}
          </span>
          <h1 className="truncate text-base font-semibold">{name}</h1>
          {EMBEDDED && (
            <IconButton label={s.close} className="ml-auto" onClick={closeFrame}>
              <X size={18} />
            </IconButton>
          )}
        </div>
      </header>
      {chat.offline && (
        <p role="status" className="bg-warn-soft px-4 py-1 text-center text-xs text-warn">
          {s.offline}
        </p>
      )}
      {chat.lost ? (
        <div className="m-auto flex flex-col items-center gap-3 px-6 text-center">
          <p className="text-muted">{s.gone}</p>
          <Button look="primary" onClick={chat.forget}>
            {s.fresh}
          </Button>
        </div>
      ) : (
        <>
          <Log chat={chat} />
          <Composer onSay={(body) => chat.say(body)} />
        </>
      )}
    </main>
  )
}
