import { Bookmark, RotateCcw, Undo2, X } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { ApiProblem, problemText } from '@/api/client'
import type { Rehearsal } from '@/api/types'
import { useActions, type Action } from '@/app/actions'
import { useMay } from '@/app/session'
import { Status } from '@/components/status'
import { StepCards } from '@/components/step-cards'
import type { WorkflowDocument } from '@/model/document'
import { overlayOf, type Overlay } from '@/model/graph'
import { Button, IconButton } from '@/ui/button'
import { JsonView } from '@/ui/json-view'
import { Note } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { Begin } from './begin'
import { CallCard, LookUpCard } from './call-card'
import { Clock } from './clock'
import { Conversation } from './conversation'
import { KeepDialog } from './keep-dialog'
import { ApprovalCard, HandoffCard, UnknownCard } from './person-cards'
import { strings as s } from './strings'
import { Tests } from './tests'
import { useRehearsal, type Play } from './use-rehearsal'

type RehearsalProps = {
  id: string
  document: WorkflowDocument
  selected?: string
  begin?: 'tests'
  onOverlay: (overlay: Overlay | undefined) => void
  onClose: () => void
}
type Part = { id: string; document: WorkflowDocument; play: Play; rehearsal: Rehearsal }

/** What the rehearsal waits for, to be done by whoever is played. */
function Now({ id, document, play, rehearsal }: Part) {
  const { waiting, ended } = rehearsal
  switch (waiting.for) {
    case 'start':
      return <Note tone="warn">{s.notBegun(waiting.reason)}</Note>
    case 'answer':
      return (
        <CallCard key={`${waiting.visit}.${waiting.attempt}`} id={id} document={document} play={play} call={waiting} />
      )
    case 'look_up':
      return <LookUpCard call={waiting} play={play} />
    case 'approval':
      return <ApprovalCard key={`${waiting.visit}.${waiting.given.length}`} waiting={waiting} play={play} />
    case 'handoff':
      return <HandoffCard key={waiting.visit} waiting={waiting} play={play} />
    case 'unknown_outcome':
      return <UnknownCard waiting={waiting} play={play} document={document} />
    case 'retry':
      return <p className="text-sm text-muted">{s.retry}</p>
    case 'form':
      return null
    case 'nothing':
      if (!ended) return null
      return (
        <div className="flex flex-col gap-2">
          <p className="flex items-center gap-2 text-sm font-semibold">
            {s.ended} <Status status={ended.status} pill />
          </p>
          {ended.error && (
            <Note tone="bad">
              {ended.error.message} <span className="font-mono text-xs">{ended.error.code}</span>
            </Note>
          )}
          {ended.output != null && <JsonView value={ended.output} label={s.answers} />}
        </div>
      )
  }
}

/** The refusal of the act tried last, unless its form shows it already. */
function Refused({ play }: { play: Play }) {
  const { refused, script } = play
  if (!refused || refused.act == null || refused.problems.length > 0) return null
  const old = refused.act < (script?.acts?.length ?? 0)
  return (
    <Note tone="bad">
      {old ? s.cut(refused.act + 1) : s.cannot} {refused.message}
      {old && (
        <div className="mt-2">
          <Button small onClick={play.cut}>
            {s.cutDo}
          </Button>
        </div>
      )}
    </Note>
  )
}

function Played({ id, document, play, rehearsal, focus }: Part & { focus?: number }) {
  // A step that still waits lasts as long as the rehearsal's clock says.
  const steps = rehearsal.steps.map((step) => ({
    ...step,
    duration_ms: step.duration_ms ?? Math.max(0, rehearsal.now - step.started_at),
  }))
  const now = <Now id={id} document={document} play={play} rehearsal={rehearsal} />
  return (
    <div className="flex flex-col gap-4 p-4">
      <Conversation play={play} />
      <Refused play={play} />
      {rehearsal.waiting.for !== 'form' && (
        <section
          aria-label={s.now}
          aria-live="polite"
          className="rounded-lg border border-line-strong bg-raised p-3 shadow-sm"
        >
          {now}
        </section>
      )}
      {rehearsal.waiting.for !== 'start' && <Clock rehearsal={rehearsal} play={play} />}
      {steps.length > 0 && (
        <section aria-label={s.steps} className="flex flex-col gap-1.5">
          <h3 className="text-xs font-medium text-faint">{s.steps}</h3>
          <StepCards steps={steps} focus={focus} />
        </section>
      )}
    </div>
  )
}

function Problem({ error }: { error: Error }) {
  const found =
    error instanceof ApiProblem
      ? (error.problem.diagnostics ?? []).filter((problem) => problem.severity === 'error')
      : []
  return (
    <div className="p-4">
      <Note tone="bad">
        {problemText(error)}
        {found.length > 0 && (
          <ul className="mt-1 list-disc pl-5">
            {found.slice(0, 6).map((problem, index) => (
              <li key={index}>{problem.message}</li>
            ))}
          </ul>
        )}
      </Note>
    </div>
  )
}

/** The draft played by hand, beside the canvas. */
export default function RehearsalPanel({ id, document, selected, begin, onOverlay, onClose }: RehearsalProps) {
  const play = useRehearsal(id, document)
  const may = useMay('builder')
  const [tab, setTab] = useState<'play' | 'tests'>(begin ?? 'play')
  const [keeping, setKeeping] = useState(false)
  const { rehearsal, script } = play
  const overlay = useMemo(() => (rehearsal ? overlayOf(document, rehearsal.steps) : undefined), [document, rehearsal])
  useEffect(() => onOverlay(tab === 'play' ? overlay : undefined), [onOverlay, overlay, tab])
  useEffect(() => () => onOverlay(undefined), [onOverlay])
  const actions: Action[] = [
    { id: 'rehearsal.undo', label: s.undo, group: s.group, shortcut: 'u', enabled: script !== null, run: play.undo },
    { id: 'rehearsal.restart', label: s.restart, group: s.group, enabled: script !== null, run: play.restart },
    {
      id: 'rehearsal.keep',
      label: s.keep,
      group: s.group,
      shortcut: 'k',
      enabled: may && script !== null && rehearsal !== undefined && !play.busy,
      run: () => setKeeping(true),
    },
  ]
  useActions(actions)
  const icons = [<Undo2 key="u" size={16} />, <RotateCcw key="r" size={16} />, <Bookmark key="k" size={16} />]
  const focus = selected === undefined ? undefined : rehearsal?.steps.findLast((step) => step.step === selected)?.visit
  return (
    <aside
      aria-label={s.label}
      className="absolute inset-0 z-20 flex flex-col border-l border-line bg-bg md:static md:w-[30rem] md:shrink-0"
    >
      <header className="flex items-center gap-1 border-b border-line px-3 py-2">
        <h2 className="mr-2 text-sm font-semibold">{s.title}</h2>
        <Tabs
          label={s.tabs.label}
          value={tab}
          onChange={setTab}
          tabs={[
            { id: 'play', label: s.tabs.play },
            { id: 'tests', label: s.tabs.tests },
          ]}
        />
        <span className="ml-auto flex items-center">
          {tab === 'play' &&
            actions.map((action, index) => (
              <IconButton
                key={action.id}
                label={action.label}
                aria-keyshortcuts={action.shortcut}
                disabled={action.enabled === false}
                onClick={action.run}
              >
                {icons[index]}
              </IconButton>
            ))}
          <IconButton label={s.close} onClick={onClose}>
            <X size={16} />
          </IconButton>
        </span>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto">
        {tab === 'tests' && (
          <Tests
            id={id}
            document={document}
            onPlay={(kept) => {
              play.load(kept)
              setTab('play')
            }}
          />
        )}
        {tab === 'play' && !script && <Begin document={document} onBegin={play.begin} />}
        {tab === 'play' && script && play.error && <Problem error={play.error} />}
        {tab === 'play' && script && !play.error && rehearsal && (
          <Played id={id} document={document} play={play} rehearsal={rehearsal} focus={focus} />
        )}
      </div>
      {keeping && script && (
        <KeepDialog id={id} document={document} script={script} onClose={() => setKeeping(false)} />
      )}
    </aside>
  )
}
