import { kindView } from '@/components/canvas/kinds/registry'
import { strings as shared } from '@/components/strings'
import { STEP_TYPES } from '@/model/document'
import { newStep } from '@/model/operations/edits'
import { cx } from '@/ui/cx'
import { addAndOpen, placeFor, useCentre } from './add-dialog'
import { useBuilder, useView } from './context'
import { DRAG_TYPE } from './edit-canvas'
import { strings } from './strings'

/** The seven kinds, to click or to drag. */
export function KindPalette() {
  const builder = useBuilder()
  const centre = useCentre()
  const pointed = useView((view) => view.pointed)
  return (
    <div
      role="toolbar"
      aria-label={strings.palette.label}
      aria-orientation="vertical"
      className={cx(
        'absolute top-3 left-3 z-10 flex flex-col gap-0.5 rounded-lg border border-line-strong bg-raised p-1',
        'shadow-sm',
      )}
      title={strings.palette.hint}
    >
      {STEP_TYPES.map((type) => {
        const { icon: Icon, colour } = kindView(type)
        const name = shared.kinds[type]?.name ?? type
        return (
          <button
            key={type}
            type="button"
            draggable
            aria-label={name}
            title={`${name}: ${shared.kinds[type]?.help ?? ''}`}
            onDragStart={(event) => {
              event.dataTransfer.setData(DRAG_TYPE, type)
              event.dataTransfer.effectAllowed = 'copy'
            }}
            onClick={() => addAndOpen(builder, placeFor(builder, centre()), (next) => newStep(type, next), type)}
            className={cx(
              'flex h-8 min-w-8 items-center justify-center gap-2 rounded-md px-2 hover:bg-hover xl:justify-start',
              pointed === type && 'bg-accent-soft ring-2 ring-accent',
            )}
          >
            <Icon size={16} className={cx('shrink-0', colour)} />
            <span className="hidden text-xs whitespace-nowrap text-text xl:inline">{name}</span>
          </button>
        )
      })}
    </div>
  )
}
