import { Command } from 'cmdk'
import { useNavigate } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { queries } from '@/api/queries'
import { wordRank } from '@/model/word-rank'
import { KeyCaps } from '@/ui/keycaps'
import { useStore } from '@/ui/store'
import { allActions, isEnabled, registryVersion } from './actions'
import { strings } from './strings'
import { cx } from '@/ui/cx'

const ITEM = 'flex h-9 cursor-pointer items-center gap-2 rounded-md px-2 text-sm data-[selected=true]:bg-hover'

/** ⌘K: every action of the moment, and the workflows by name. */
export default function Palette({ onClose }: { onClose: () => void }) {
  useStore(registryVersion)
  const navigate = useNavigate()
  const { data: workflows } = useQuery(queries.workflows())
  const usable = allActions().filter((action) => isEnabled(action) && !action.quiet)
  const groups = [...new Set(usable.map((action) => action.group))]
  const go = (run: () => void) => {
    onClose()
    run()
  }
  return (
    <Command.Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      label={strings.palette.title}
      filter={wordRank}
      overlayClassName="fixed inset-0 z-40 bg-black/40"
      contentClassName={cx(
        'fixed top-[14vh] left-1/2 z-50 w-[calc(100vw-2rem)] max-w-xl -translate-x-1/2 overflow-hidden rounded-xl',
        'border border-line bg-raised shadow-[var(--shadow)]',
      )}
    >
      <Command.Input
        placeholder={strings.palette.placeholder}
        className="h-12 w-full border-b border-line bg-transparent px-4 text-base outline-none"
      />
      <Command.List className="max-h-[50vh] overflow-y-auto p-2">
        <Command.Empty className="px-2 py-6 text-center text-sm text-muted">{strings.palette.empty}</Command.Empty>
        {groups.map((group) => (
          <Command.Group
            key={group}
            heading={group}
            className={cx(
              '[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1 [&_[cmdk-group-heading]]:text-xs',
              '[&_[cmdk-group-heading]]:text-faint',
            )}
          >
            {usable
              .filter((action) => action.group === group)
              .map((action) => (
                <Command.Item
                  key={action.id}
                  value={`${action.label} ${action.id}`}
                  onSelect={() => go(action.run)}
                  className={ITEM}
                >
                  <span className="flex-1">
                    {action.label} {action.hint && <span className="text-faint">{action.hint}</span>}
                  </span>
                  {action.shortcut && <KeyCaps shortcut={action.shortcut} />}
                </Command.Item>
              ))}
          </Command.Group>
        ))}
        {workflows && workflows.items.length > 0 && (
          <Command.Group
            heading={strings.nav.workflows}
            className={cx(
              '[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1 [&_[cmdk-group-heading]]:text-xs',
              '[&_[cmdk-group-heading]]:text-faint',
            )}
          >
            {workflows.items.map((workflow) => (
              <Command.Item
                key={workflow.id}
                value={`${workflow.name} ${workflow.id}`}
                onSelect={() =>
                  go(() => void navigate({ to: '/workflows/$workflow', params: { workflow: workflow.id } }))
                }
                className={ITEM}
              >
                {workflow.name}
              </Command.Item>
            ))}
          </Command.Group>
        )}
      </Command.List>
    </Command.Dialog>
  )
}
