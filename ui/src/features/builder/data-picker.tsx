import { Command } from 'cmdk'
import { Plus, X } from 'lucide-react'
import { useMemo, type DragEvent } from 'react'
import { VALUE_TYPE } from '@/components/expression/value-drag'
import { pickables, type Pickable } from '@/model/expression/pills'
import type { Shape } from '@/model/expression/shape'
import { wordRank } from '@/model/word-rank'
import { IconButton } from '@/ui/button'
import { cx } from '@/ui/cx'
import { strings } from './strings'

const s = strings.expression

/** Opens and closes the list of values beside a field; `describedBy` is the field's label. */
export function PickButton({
  open,
  describedBy,
  onClick,
}: {
  open: boolean
  describedBy?: string
  onClick: () => void
}) {
  return (
    <IconButton
      label={s.pick}
      aria-expanded={open}
      aria-describedby={describedBy}
      className={cx('!size-6', open && 'bg-accent-soft text-accent')}
      onClick={onClick}
    >
      <Plus size={14} />
    </IconButton>
  )
}

/** Gives a dragged value to whatever it is dropped on. */
function drag(event: DragEvent, path: string): void {
  event.dataTransfer.effectAllowed = 'copy'
  event.dataTransfer.setData(VALUE_TYPE, path)
  event.dataTransfer.setData('text/plain', `{{ ${path} }}`)
}

/** The path of a value that is dropped; empty when it is something else. */
export const droppedPath = (event: DragEvent): string => event.dataTransfer.getData(VALUE_TYPE)

function Item({ value, onPick }: { value: Pickable; onPick: (path: string) => void }) {
  return (
    <Command.Item
      value={value.path}
      keywords={[value.label, value.group, value.about ?? '']}
      onSelect={() => onPick(value.path)}
      draggable
      onDragStart={(event) => drag(event, value.path)}
      title={value.path}
      style={{ paddingLeft: `${8 + value.depth * 12}px` }}
      className="flex cursor-grab items-baseline gap-2 rounded-md py-1 pr-2 text-sm data-[selected=true]:bg-hover"
    >
      <span className="min-w-0 shrink-0 max-w-[55%] truncate">{value.label}</span>
      <span className="min-w-0 flex-1 truncate text-right text-xs text-muted">{value.example}</span>
      <span className="shrink-0 text-[11px] text-muted">{value.kind}</span>
    </Command.Item>
  )
}

/** Every value this place can read, by where it comes from, with its sample and type. */
export function ValueList({
  shape,
  onPick,
  onClose,
}: {
  shape: () => Shape
  onPick: (path: string) => void
  onClose: () => void
}) {
  const groups = useMemo(() => {
    const found = new Map<string, Pickable[]>()
    for (const value of pickables(shape())) found.set(value.group, [...(found.get(value.group) ?? []), value])
    return [...found]
  }, [shape])
  return (
    <Command
      label={s.values}
      vimBindings={false}
      filter={wordRank}
      className="rounded-lg border border-line-strong bg-raised"
      onKeyDown={(event) => {
        if (event.key === 'Escape') {
          event.preventDefault()
          onClose()
        }
        if (event.key === 'Home' || event.key === 'End') event.stopPropagation()
      }}
    >
      <div className="flex items-center gap-1 border-b border-line pr-1">
        <Command.Input
          autoFocus
          placeholder={s.find}
          aria-label={s.find}
          className="h-8 min-w-0 flex-1 rounded-md bg-transparent px-2.5 text-sm"
        />
        <IconButton label={strings.inspector.close} className="!size-6" onClick={onClose}>
          <X size={13} />
        </IconButton>
      </div>
      <Command.List label={s.values} className="max-h-64 overflow-y-auto p-1">
        <Command.Empty className="px-2 py-3 text-center text-xs text-muted">{s.noValue}</Command.Empty>
        {groups.map(([group, values]) => (
          <Command.Group
            key={group}
            heading={group}
            className={
              '[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1 [&_[cmdk-group-heading]]:text-xs ' +
              '[&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-muted'
            }
          >
            {values.map((value) => (
              <Item key={value.path} value={value} onPick={onPick} />
            ))}
          </Command.Group>
        ))}
      </Command.List>
      <p className="border-t border-line px-2.5 py-1 text-xs text-muted">{s.pickHint}</p>
    </Command>
  )
}
