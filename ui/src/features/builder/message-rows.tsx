import { Plus } from 'lucide-react'
import { useState } from 'react'
import { listed } from '@/model/listed'
import { CHANNELS, readMessageRule, writeMessageRule, type MessageRule } from '@/model/message-rule'
import { Button } from '@/ui/button'
import { Checkbox, Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { ExpressionBox } from './expression-field'
import { RowButtons } from './fields'
import { useProblemAt } from './problems'
import { strings } from './strings'

const s = strings.message
const MESSAGE = { kind: 'message' } as const

function Words({
  index,
  words,
  change,
  remove,
}: {
  index: number
  words: string[]
  change: (words: string[]) => void
  remove: () => void
}) {
  const [draft, setDraft] = useState<string | null>(null)
  const label = index === 0 ? s.any : s.also
  return (
    <div className="flex items-end gap-1">
      <Field label={label} hint={s.commas} className="min-w-0 flex-1">
        {(props) => (
          <Input
            {...props}
            value={draft ?? words.join(', ')}
            onBlur={() => setDraft(null)}
            onChange={(event) => {
              setDraft(event.target.value)
              change(listed(event.target.value.toLowerCase()))
            }}
          />
        )}
      </Field>
      {index > 0 && (
        <RowButtons first onUp={() => undefined} upLabel={s.up} removeLabel={s.remove(label)} onRemove={remove} />
      )}
    </div>
  )
}

function Rows({ rule, onChange }: { rule: MessageRule; onChange: (rule: MessageRule) => void }) {
  // A group that is begun has no word yet, and says nothing in the condition.
  const [begun, setBegun] = useState(0)
  const groups = [...rule.words, ...Array.from({ length: begun }, (): string[] => [])]
  const shown = groups.length > 0 ? groups : [[]]
  const set = (next: string[][]) => {
    setBegun(next.filter((group) => group.length === 0).length)
    onChange({ ...rule, words: next.filter((group) => group.length > 0) })
  }
  return (
    <>
      {shown.map((words, index) => (
        <Words
          key={index}
          index={index}
          words={words}
          change={(next) => set(shown.map((old, at) => (at === index ? next : old)))}
          remove={() => set(shown.filter((_, at) => at !== index))}
        />
      ))}
      <div>
        <Button small look="quiet" icon={<Plus size={12} />} onClick={() => setBegun(begun + 1)}>
          {s.addGroup}
        </Button>
      </div>
      <fieldset className="flex flex-wrap gap-x-3 gap-y-1">
        <legend className="mb-1 text-xs font-medium text-muted">{s.channels}</legend>
        {CHANNELS.map((channel) => (
          <Checkbox
            key={channel}
            label={
              channel === 'web'
                ? strings.form.channelNames.conversation
                : (strings.form.channelNames[channel] ?? channel)
            }
            checked={rule.channels.includes(channel)}
            onChange={(event) =>
              onChange({
                ...rule,
                channels: CHANNELS.filter((one) =>
                  one === channel ? event.target.checked : rule.channels.includes(one),
                ),
              })
            }
          />
        ))}
      </fieldset>
      <Checkbox
        label={s.first}
        hint={s.firstHint}
        checked={rule.first}
        onChange={(event) => onChange({ ...rule, first: event.target.checked })}
      />
    </>
  )
}

/** Which messages start a run: as choices, or as text; both write the same condition. */
export function MessageRows({
  when,
  field,
  onChange,
}: {
  when: string
  field: string
  onChange: (when: string) => void
}) {
  const rule = readMessageRule(when)
  const problem = useProblemAt(field)
  const [view, setView] = useState<'rows' | 'text'>(rule ? 'rows' : 'text')
  return (
    <div data-field={field} className="flex flex-col gap-2">
      <Tabs
        label={strings.condition.view}
        value={view}
        onChange={setView}
        tabs={[
          { id: 'rows', label: s.asWords },
          { id: 'text', label: strings.condition.asText },
        ]}
      />
      {view === 'text' ? (
        <ExpressionBox
          name={strings.condition.when}
          field={field}
          mode="expression"
          place={MESSAGE}
          lines={2}
          value={when}
          onChange={onChange}
        />
      ) : rule ? (
        <Rows rule={rule} onChange={(next) => onChange(writeMessageRule(next))} />
      ) : (
        <Note tone="muted">{s.more}</Note>
      )}
      {problem && (
        <p role="alert" className="text-xs text-bad">
          {problem}
        </p>
      )}
    </div>
  )
}
