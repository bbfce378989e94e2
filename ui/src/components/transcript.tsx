import { Check, CheckCheck, CircleHelp, CircleX, ClipboardList, Paperclip } from 'lucide-react'
import type { Customer, Message } from '@/api/types'
import { schemaFields } from '@/model/schema'
import { brief } from '@/model/json'
import { cx } from '@/ui/cx'
import { Ago } from '@/ui/time'
import { Status } from './status'
import { strings } from './strings'

const s = strings.transcript

function FormCard({ form }: { form: NonNullable<Message['form']> }) {
  const fields = schemaFields(form.schema)
  return (
    <div className="mt-1 rounded-lg border border-line bg-bg p-3">
      <p className="flex items-center gap-2 text-xs font-medium text-muted">
        <ClipboardList size={14} aria-hidden /> {s.form} <Status status={form.status} className="!text-xs" />
      </p>
      <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 text-sm">
        {fields.map((field) => {
          const value = form.values?.[field.name]
          return (
            <div key={field.name} className="contents">
              <dt className="text-faint">{field.title}</dt>
              <dd className="break-words">
                {value === undefined ? <span className="text-faint">–</span> : brief(value, 200)}
              </dd>
            </div>
          )
        })}
      </dl>
    </div>
  )
}

/** What came with a message over its channel: files, and what became of it since. */
function Content({ content }: { content: NonNullable<Message['content']> }) {
  const told = [
    content.kind === 'unknown' && s.unknownKind,
    content.edited_at && s.edited,
    content.deleted_at && s.deleted,
    content.reaction,
  ].filter((part) => typeof part === 'string')
  return (
    <>
      {content.attachments?.map((file, index) => (
        <p key={index} className="mt-0.5 flex items-center gap-1 text-xs text-muted">
          <Paperclip size={13} aria-hidden /> {file.name ?? file.what}
        </p>
      ))}
      {told.length > 0 && <p className="mt-0.5 text-xs text-faint">{told.join(' · ')}</p>}
    </>
  )
}

/** How far a message came on its channel. */
function Delivery({ delivery }: { delivery: NonNullable<Message['delivery']> }) {
  const doubtful = delivery.code === 'in_doubt'
  const failed = delivery.status === 'failed' && !doubtful
  const Icon = doubtful
    ? CircleHelp
    : failed
      ? CircleX
      : delivery.status === 'read' || delivery.status === 'delivered'
        ? CheckCheck
        : Check
  return (
    <p
      className={cx(
        'mt-0.5 flex items-center gap-1 text-xs',
        doubtful ? 'text-warn' : failed ? 'text-bad' : 'text-faint',
      )}
    >
      <Icon size={13} aria-hidden /> {doubtful ? s.inDoubt : (s.deliveries[delivery.status] ?? delivery.status)}
      {delivery.error && `: ${delivery.error}`}
    </p>
  )
}

/** A conversation to read: the customer on the left, we on the right. */
export function Transcript({ messages, className }: { messages: readonly Message[]; className?: string }) {
  if (messages.length === 0) return <p className="text-sm text-faint">{s.empty}</p>
  return (
    <ol aria-label={s.label} className={cx('flex flex-col gap-3', className)}>
      {messages.map((message) => {
        const theirs = message.author.kind === 'customer'
        if (message.author.kind === 'system')
          return (
            <li key={message.id} className="text-center text-xs text-faint">
              {message.body}
            </li>
          )
        return (
          <li
            key={message.id}
            className={cx('flex max-w-[88%] flex-col', theirs ? 'items-start self-start' : 'items-end self-end')}
          >
            <span className="mb-0.5 text-xs text-faint">
              {message.author.name || s[message.author.kind]} · <Ago at={message.at} />
            </span>
            {message.body && (
              <p
                className={cx(
                  'rounded-xl px-3 py-1.5 text-sm break-words whitespace-pre-wrap',
                  theirs ? 'rounded-tl-sm bg-hover' : 'rounded-tr-sm bg-accent-soft',
                )}
              >
                {message.body}
              </p>
            )}
            {message.form && <FormCard form={message.form} />}
            {message.content && <Content content={message.content} />}
            {message.delivery && <Delivery delivery={message.delivery} />}
          </li>
        )
      })}
    </ol>
  )
}

/** What a visitor said of themselves and nobody proved. */
function claims(customer: Customer) {
  return [customer.claimed?.name, customer.claimed?.email].filter(Boolean).join(', ')
}

/** Who the customer is. */
export function CustomerCard({ customer }: { customer: Customer | null | undefined }) {
  if (!customer) return <p className="text-sm text-faint">{strings.customer.none}</p>
  const rows: [string, unknown][] = [
    ['email', customer.email],
    [strings.customer.claimed, claims(customer)],
    ['phone', customer.phone],
    ['telegram', customer.telegram],
    ...Object.entries(customer.fields ?? {}),
  ]
  return (
    <div>
      <p className="font-medium">{customer.name || customer.email || strings.customer.visitor}</p>
      <dl className="mt-1 grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5 text-sm">
        {rows
          .filter(([, value]) => value !== null && value !== undefined && value !== '')
          .map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-faint">{name.replaceAll('_', ' ')}</dt>
              <dd className="min-w-0 break-words">{brief(value, 120)}</dd>
            </div>
          ))}
      </dl>
    </div>
  )
}
