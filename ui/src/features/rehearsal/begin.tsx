import { Play } from 'lucide-react'
import { useState } from 'react'
import type { Opening } from '@/api/types'
import type { WorkflowDocument } from '@/model/document'
import { filled, parseObject } from '@/model/rehearsal'
import { Button } from '@/ui/button'
import { Field, Input, Textarea } from '@/ui/field'
import { Note } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { strings } from './strings'

const s = strings.begin

/** How the rehearsed run begins: a message, or a start by hand with an input. */
export function Begin({ document, onBegin }: { document: WorkflowDocument; onBegin: (opening: Opening) => void }) {
  const wantsMessage = (document.triggers ?? []).some((trigger) => trigger.type === 'message')
  const [how, setHow] = useState<'message' | 'start'>(wantsMessage ? 'message' : 'start')
  const [message, setMessage] = useState('')
  const [input, setInput] = useState('{}')
  const [customer, setCustomer] = useState({ name: 'Ada Example', email: 'ada@example.com', phone: '' })
  const parsed = parseObject(input)
  const field = (name: keyof typeof customer) => (props: object) => (
    <Input
      {...props}
      value={customer[name]}
      onChange={(event) => setCustomer({ ...customer, [name]: event.target.value })}
    />
  )
  return (
    <form
      className="flex flex-col gap-3 p-4"
      onSubmit={(event) => {
        event.preventDefault()
        const known = filled(customer)
        const who = Object.keys(known).length > 0 ? { customer: known } : {}
        if (how === 'message') onBegin({ message, ...who })
        else if (parsed.ok) onBegin({ input: parsed.value, ...who })
      }}
    >
      <h3 className="text-sm font-semibold">{s.title}</h3>
      <Note tone="muted">{strings.safe}</Note>
      <Tabs
        label={s.how.label}
        value={how}
        onChange={setHow}
        tabs={[
          { id: 'message', label: s.how.message },
          { id: 'start', label: s.how.start },
        ]}
      />
      {how === 'message' ? (
        <Field label={s.message} hint={s.messageHint}>
          {(props) => (
            <Input
              {...props}
              autoFocus
              required
              maxLength={4000}
              value={message}
              onChange={(event) => setMessage(event.target.value)}
            />
          )}
        </Field>
      ) : (
        <Field label={s.input} error={parsed.ok ? undefined : s.badInput}>
          {(props) => (
            <Textarea
              {...props}
              rows={4}
              spellCheck={false}
              className="font-mono !text-xs"
              value={input}
              onChange={(event) => setInput(event.target.value)}
            />
          )}
        </Field>
      )}
      <Field label={s.name}>{field('name')}</Field>
      <Field label={s.email}>{field('email')}</Field>
      <Field label={s.phone}>{field('phone')}</Field>
      <div>
        <Button type="submit" look="primary" icon={<Play size={14} />} disabled={how === 'start' && !parsed.ok}>
          {s.submit}
        </Button>
      </div>
    </form>
  )
}
