import { X } from 'lucide-react'
import type { Diagnostic } from '@/api/types'
import { titleOf } from '@/model/document'
import { pointerParts } from '@/model/json'
import { Button, IconButton } from '@/ui/button'
import { cx } from '@/ui/cx'
import { useStore } from '@/ui/store'
import { useBuilder, useDocument, useFound } from './context'
import { Mends } from './mends'
import type { View } from './stores'
import { strings } from './strings'

const s = strings.problems
const DOT = { error: 'bg-bad', warning: 'bg-warn', info: 'bg-faint' }

/** Findings about a step as a whole that one of its fields mends. */
const MENDS: Record<string, string> = { step_id: 'id', wait_without_timeout: 'timeout' }

/** The step a finding is about, none when it is about the workflow, and the field it points at. */
function placeOf({ code, pointer }: Diagnostic): { step?: string; field: string } {
  const parts = pointerParts(pointer)
  const [part, step, ...rest] = parts
  if (part !== 'steps' || step === undefined) return { field: parts.join('.') }
  return { step, field: rest.join('.') || (MENDS[code] ?? '') }
}

/** What is selected and where the keyboard goes, for a finding. */
function viewOf(problem: Diagnostic): Partial<View> {
  const { step, field } = placeOf(problem)
  return { selected: new Set(step === undefined ? [] : [step]), edge: null, focus: field }
}

/** The editor of an expression says itself what it cannot read. */
const TOLD_BY_EDITOR = 'trigger_when'

/** What was found about one place of the workflow as a whole, and what helps. */
export function useProblemAt(field: string): string | undefined {
  const list = useFound()
  const found = list.filter((problem) => {
    const place = placeOf(problem)
    const here = place.step === undefined && place.field === field
    return here && problem.severity !== 'info' && problem.code !== TOLD_BY_EDITOR
  })
  const said = found.map(({ message, help }) => [message.replace(/[.]?$/, '.'), help].filter(Boolean).join(' '))
  return said.length > 0 ? said.join(' ') : undefined
}

/** What was found about one step, in a place that is there whether anything was found or not: no field moves. */
export function StepProblems({ id }: { id: string }) {
  const builder = useBuilder()
  const found = useFound().filter((problem) => placeOf(problem).step === id)
  return (
    <ul aria-label={s.ofStep} className="h-18 shrink-0 overflow-y-auto border-t border-line px-2 py-1 text-xs">
      {found.length === 0 && <li className="px-2 py-1 text-faint">{s.noneHere}</li>}
      {found.map((problem, index) => (
        <li key={index}>
          <button
            type="button"
            className="flex w-full items-start gap-2 rounded-md px-2 py-1 text-left hover:bg-hover"
            onClick={() => builder.show(viewOf(problem))}
          >
            <Dot severity={problem.severity} />
            <span className="min-w-0">
              {problem.message}
              {problem.help && <span className="block text-faint">{problem.help}</span>}
            </span>
          </button>
          <Mends problem={problem} />
        </li>
      ))}
    </ul>
  )
}

function Dot({ severity }: { severity: Diagnostic['severity'] }) {
  return (
    <span
      className={`mt-1 size-2 shrink-0 rounded-full ${DOT[severity]}`}
      aria-label={s.severity[severity]}
      role="img"
    />
  )
}

/**
 * Everything that was found. `onGo` brings back the panel with the fields; `docked` takes room of its own instead of
 * lying on the canvas.
 */
export function ProblemsPanel({ docked, onGo }: { docked?: boolean; onGo: () => Promise<void> }) {
  const builder = useBuilder()
  const document = useDocument()
  const list = useFound()
  const checking = useStore(builder.diagnostics, (state) => state.checking)
  const where = (problem: Diagnostic) => {
    const { step, field } = placeOf(problem)
    return step === undefined
      ? (s.parts[field.split('.')[0] ?? ''] ?? strings.inspector.workflow)
      : titleOf(step, document.steps[step])
  }
  return (
    <section
      aria-label={s.title}
      className={cx(
        'flex max-h-52 flex-col bg-raised',
        docked
          ? 'shrink-0 border-t border-line'
          : 'absolute inset-x-2 bottom-2 z-10 rounded-lg border border-line-strong shadow-[var(--shadow)] ' +
              'md:inset-x-auto md:left-16 md:w-[34rem] xl:left-44',
      )}
    >
      <header className="flex items-center gap-2 border-b border-line px-3 py-1.5 text-sm font-semibold">
        {s.title}
        {checking && <span className="text-xs font-normal text-faint">{s.checking}</span>}
        <IconButton
          label={strings.inspector.close}
          className="ml-auto !size-6"
          onClick={() => builder.show({ problems: false })}
        >
          <X size={14} />
        </IconButton>
      </header>
      <ul className="overflow-y-auto p-1">
        {list.length === 0 && <li className="px-2 py-2 text-sm text-muted">{s.none}</li>}
        {list.map((problem, index) => (
          <li key={index}>
            <Button
              look="quiet"
              className="!h-auto w-full !justify-start !py-1.5 text-left !whitespace-normal"
              onClick={() => {
                // One after the other: the address follows the selection, from where it then is.
                void onGo().then(() => builder.show(viewOf(problem)))
              }}
            >
              <Dot severity={problem.severity} />
              <span className="min-w-0 flex-1">
                <span className="text-text">{problem.message}</span>
                {problem.help && <span className="block text-xs font-normal text-faint">{problem.help}</span>}
              </span>
              <span className="text-xs font-normal text-faint">{where(problem)}</span>
            </Button>
            <Mends problem={problem} />
          </li>
        ))}
      </ul>
    </section>
  )
}
