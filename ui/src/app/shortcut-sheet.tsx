import { Dialog } from '@/ui/dialog'
import { KeyCaps } from '@/ui/keycaps'
import { allActions } from './actions'
import { strings } from './strings'

/** `?`: the keys that work on this page. */
export default function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const keyed = allActions().filter((action) => action.shortcut)
  const groups = [...new Set(keyed.map((action) => action.group))]
  return (
    <Dialog open onClose={onClose} title={strings.shortcuts.title} wide>
      <div className="columns-1 gap-8 sm:columns-2">
        {groups.map((group) => (
          <section key={group} className="mb-4 break-inside-avoid">
            <h3 className="mb-1 text-xs font-medium text-faint">{group}</h3>
            <dl>
              {keyed
                .filter((action) => action.group === group)
                .map((action) => (
                  <div
                    key={action.id}
                    className="flex items-center justify-between gap-4 border-b border-line py-1.5 text-sm"
                  >
                    <dt>{action.label}</dt>
                    <dd>
                      <KeyCaps shortcut={action.shortcut as string} />
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
