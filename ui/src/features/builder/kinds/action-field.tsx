import { useQuery } from '@tanstack/react-query'
import { Command } from 'cmdk'
import { useEffect, useEffectEvent, useRef, useState, type ReactNode } from 'react'
import { queries } from '@/api/queries'
import type { ActionBrief } from '@/api/types'
import { wordRank } from '@/model/word-rank'
import { cx } from '@/ui/cx'
import { Field, Input } from '@/ui/field'
import { later } from '@/ui/later'
import { useFirstFound, useFoundActions } from '../find-actions'
import { useStepField } from '../fields'
import { strings } from '../strings'

const s = strings.tool
const NAME = /^[\w-]+(?:\.[\w-]+)+$/
const GROUP =
  '[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1 [&_[cmdk-group-heading]]:text-xs ' +
  '[&_[cmdk-group-heading]]:text-faint'
const RISK = { read: 'text-faint', write: 'text-muted', high: 'text-bad' } as const

/** By connector, in the order in which they were found. */
function grouped(actions: readonly ActionBrief[]): Map<string, ActionBrief[]> {
  const groups = new Map<string, ActionBrief[]>()
  for (const action of actions) {
    const connector = action.name.split('.')[0] ?? ''
    groups.set(connector, [...(groups.get(connector) ?? []), action])
  }
  return groups
}

function ActionGroups({
  actions,
  found,
  onChoose,
}: {
  actions: readonly ActionBrief[]
  found: string
  onChoose: (name: string) => void
}) {
  const { data: connectors } = useQuery(queries.connectors())
  const title = (name: string) => connectors?.items.find((one) => one.name === name)?.title || name
  return [...grouped(actions)].map(([connector, own]) => (
    <Command.Group key={connector} heading={title(connector)} className={GROUP}>
      {own.map((action) => (
        <Command.Item
          key={action.name}
          value={action.name}
          keywords={[action.title, title(connector), found]}
          onSelect={() => onChoose(action.name)}
          className={cx(
            'flex cursor-pointer items-center gap-2 rounded-md px-2 py-1 text-sm',
            'data-[selected=true]:bg-hover',
          )}
        >
          <span className="min-w-0 flex-1">
            {action.title}
            <span className="block truncate font-mono text-[11px] text-faint">{action.name}</span>
          </span>
          <span className={cx('text-xs', RISK[action.risk])}>{s.riskShort[action.risk]}</span>
        </Command.Item>
      ))}
    </Command.Group>
  ))
}

/** The action of a step: typed by its name, or looked for among all there are. */
export function ActionField({ id, hint }: { id: string; hint: ReactNode }) {
  const [value = '', setValue] = useStepField<string>(id, ['action'])
  // What is looked for; nothing while the field shows what is chosen.
  const [typed, setTyped] = useState<string | null>(null)
  const [open, setOpen] = useState(false)
  const looked = useFoundActions(typed ?? '', open)
  const { actions, text: found, waits, more } = looked
  const box = useRef<HTMLDivElement>(null)
  useFirstFound(looked, box)
  const input = useRef<HTMLInputElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const close = () => {
    setOpen(false)
    setTyped(null)
  }
  const choose = (name: string) => {
    close()
    if (name !== value) setValue(name)
  }
  const type = (text: string) => {
    if (text === '' && value !== '') setValue(text)
    setTyped(text)
    setOpen(true)
  }
  // A whole name is taken as it stands: who wrote or pasted it has nothing left to choose.
  const whole = typed !== null && !waits && actions.some((action) => action.name === typed)
  const take = useEffectEvent(() => typed !== null && choose(typed))
  useEffect(() => (whole ? later(() => take(), 0) : undefined), [whole])
  useEffect(() => {
    if (open) list.current?.querySelector('[data-selected=true]')?.scrollIntoView({ block: 'nearest' })
  }, [open])
  return (
    <Command ref={box} label={s.action} defaultValue={value} vimBindings={false} filter={wordRank}>
      <Field label={s.action} hint={hint}>
        {(props) => (
          // cmdk gives the text box an id of its own: the label leads here, and from here to it.
          <div
            id={props.id}
            tabIndex={-1}
            className="relative"
            onFocus={(event) => event.target === event.currentTarget && input.current?.focus()}
          >
            <Command.Input asChild value={typed ?? ''} onValueChange={type}>
              <Input
                ref={input}
                aria-labelledby={`${props.id}-label`}
                aria-describedby={props['aria-describedby']}
                aria-expanded={open}
                data-field="action"
                value={typed ?? value}
                className="font-mono !text-xs"
                onClick={() => setOpen(true)}
                onBlur={() => {
                  // A name nobody knows is kept: its connector may come later.
                  if (typed !== null && NAME.test(typed)) choose(typed)
                  close()
                }}
                onKeyDown={(event) => {
                  if (event.key === 'Home' || event.key === 'End') event.stopPropagation()
                  if (event.key === 'ArrowDown' && !open) setOpen(true)
                  if (event.key === 'Escape' && open) {
                    event.preventDefault()
                    close()
                  }
                }}
              />
            </Command.Input>
            {open && (
              <Command.List
                ref={list}
                label={s.actions}
                onMouseDown={(event) => event.preventDefault()}
                className={cx(
                  'absolute inset-x-0 top-full z-20 mt-1 max-h-72 overflow-y-auto rounded-lg border',
                  'border-line-strong bg-raised p-1 shadow-[var(--shadow)]',
                )}
              >
                {!waits && (
                  <Command.Empty className="px-2 py-3 text-center text-xs text-muted">{s.noAction}</Command.Empty>
                )}
                <ActionGroups actions={actions} found={found} onChoose={choose} />
                {more}
              </Command.List>
            )}
          </div>
        )}
      </Field>
    </Command>
  )
}
