import { Check, Mail, MessageSquare, SendHorizontal } from 'lucide-react'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import type { Rehearsal } from '@/api/types'
import { brief, isObject } from '@/model/json'
import { schemaFields } from '@/model/schema'
import { IconButton } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Input } from '@/ui/field'
import { Skeleton } from '@/ui/states'
import { strings } from './strings'
import type { Play } from './use-rehearsal'

const SchemaForm = lazy(() => import('@/components/schema-form/schema-form'))
const s = strings.chat
type Said = Rehearsal['said'][number]

function Sent({ said, schema }: { said: Said; schema: unknown }) {
  const values = isObject(said.values) ? said.values : {}
  return (
    <div className="self-end rounded-2xl rounded-br-md bg-sunken px-3 py-2 text-sm">
      <p className="flex items-center gap-1 text-xs text-muted">
        <Check size={13} className="text-ok" /> {s.sent}
      </p>
      <dl className="mt-1 grid grid-cols-[auto_1fr] gap-x-3">
        {schemaFields(schema)
          .filter((field) => values[field.name] !== undefined)
          .map((field) => (
            <div key={field.name} className="contents">
              <dt className="text-faint">{field.title}</dt>
              <dd className="break-words">{brief(values[field.name], 120)}</dd>
            </div>
          ))}
      </dl>
    </div>
  )
}

function Line({ said, schema }: { said: Said; schema: unknown }) {
  if (said.values) return <Sent said={said} schema={schema} />
  if (!said.text) return null
  const mine = said.by === 'customer'
  const outside = said.channel !== 'conversation'
  return (
    <div className={cx('flex max-w-[88%] flex-col gap-0.5', mine ? 'self-end' : 'self-start')}>
      {outside && (
        <span className="flex items-center gap-1 text-xs text-faint">
          {said.channel === 'email' ? <Mail size={12} /> : <MessageSquare size={12} />} {s.to(said.channel, said.to)}
        </span>
      )}
      <p
        className={cx(
          'rounded-2xl px-3 py-1.5 text-sm break-words whitespace-pre-wrap',
          mine
            ? 'rounded-br-md bg-accent text-accent-text'
            : outside
              ? 'rounded-bl-md border border-line-strong'
              : 'rounded-bl-md bg-hover',
        )}
      >
        {said.subject && said.channel === 'email' && <strong className="block">{said.subject}</strong>}
        {said.text}
      </p>
    </div>
  )
}

function OpenForm({ play }: { play: Play }) {
  const waiting = play.rehearsal?.waiting
  const prefill = waiting?.for === 'form' && isObject(waiting.prefill) ? waiting.prefill : {}
  const [values, setValues] = useState<Record<string, unknown>>(prefill)
  if (waiting?.for !== 'form') return null
  return (
    <div className="self-start rounded-2xl rounded-bl-md border border-line-strong bg-raised p-3">
      <Suspense fallback={<Skeleton className="h-20 w-56" />}>
        <SchemaForm
          id={`rehearsal-${waiting.visit}`}
          schema={waiting.schema}
          values={values}
          errors={play.refused?.problems ?? []}
          busy={play.busy && !play.refused}
          submitLabel={waiting.submit || s.submit}
          onChange={setValues}
          onSubmit={(given) => play.act({ act: 'submits', values: given })}
        />
      </Suspense>
    </div>
  )
}

/** What was said, with the form that waits; the person at the keys is the customer. */
export function Conversation({ play }: { play: Play }) {
  const [text, setText] = useState('')
  const end = useRef<HTMLDivElement>(null)
  const rehearsal = play.rehearsal
  const total = rehearsal?.said.length ?? 0
  useEffect(() => {
    end.current?.scrollIntoView({ block: 'nearest' })
  }, [total])
  if (!rehearsal) return null
  const { said, waiting, ended } = rehearsal
  const schemaOf = (visit: Said['visit']) => said.find((other) => other.visit === visit && other.form)?.form?.schema
  return (
    <section aria-label={s.log} className="flex flex-col gap-2">
      <div
        role="log"
        tabIndex={0}
        className="flex max-h-[26rem] flex-col gap-2 overflow-y-auto rounded-lg border border-line p-3"
      >
        {said.map((entry, index) => (
          <Line key={index} said={entry} schema={schemaOf(entry.visit)} />
        ))}
        {waiting.for === 'form' && <OpenForm key={waiting.visit} play={play} />}
        {said.length === 0 && waiting.for !== 'form' && <p className="text-sm text-faint">{s.empty}</p>}
        <div ref={end} />
      </div>
      {!ended && (
        <form
          className="flex gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            if (!text.trim()) return
            play.act({ act: 'says', text: text.trim() })
            setText('')
          }}
        >
          <Input
            aria-label={s.placeholder}
            placeholder={s.placeholder}
            value={text}
            maxLength={4000}
            onChange={(event) => setText(event.target.value)}
          />
          <IconButton type="submit" label={s.send} disabled={!text.trim()}>
            <SendHorizontal size={16} />
          </IconButton>
        </form>
      )}
    </section>
  )
}
