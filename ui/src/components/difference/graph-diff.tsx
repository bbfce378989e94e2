import { useQuery } from '@tanstack/react-query'
import { ReactFlowProvider, type ReactFlowInstance, type Viewport } from '@xyflow/react'
import { useMemo, useRef, useState } from 'react'
import { problemText } from '@/api/client'
import { queries } from '@/api/queries'
import type { Diff, StepChange } from '@/api/types'
import { strings as app } from '@/app/strings'
import { aligned, changeMarks, type Change } from '@/model/compare'
import { asDocument, titleOf, type WorkflowDocument } from '@/model/document'
import { brief } from '@/model/json'
import { cx } from '@/ui/cx'
import { Failure, Skeleton } from '@/ui/states'
import type { BranchEdgeType } from '../canvas/branch-edge'
import { CanvasSurface } from '../canvas/canvas'
import { canvasEdges, nodesOf } from '../canvas/project'
import type { StepNode } from '../canvas/step-card'
import { CHANGE_LOOK } from './look'
import { strings as s } from './strings'

type Flow = ReactFlowInstance<StepNode, BranchEdgeType>
type Side = 'before' | 'after'

/** A document by version number or `draft`, or why there is none. */
function useDocumentOf(
  id: string,
  name: string,
): { document: WorkflowDocument | undefined; error: Error | null; retry: () => void } {
  const isVersion = /^\d+$/.test(name)
  const version = useQuery({ ...queries.version(id, Number(name)), enabled: isVersion })
  const workflow = useQuery({ ...queries.workflow(id), enabled: name === 'draft' })
  const source = isVersion ? version.data?.document : name === 'draft' ? workflow.data?.draft : null
  const document = useMemo(() => (source === undefined ? undefined : asDocument(source)), [source])
  const { error, refetch } = isVersion ? version : workflow
  return { document, error, retry: () => void refetch() }
}

/** Two drawings that move together. */
function useTogether() {
  const flows = useRef<Partial<Record<Side, Flow>>>({})
  const last = useRef<Viewport | null>(null)
  const moved = (side: Side, view: Viewport) => {
    const known = last.current
    if (known && known.x === view.x && known.y === view.y && known.zoom === view.zoom) return
    last.current = view
    void flows.current[side === 'before' ? 'after' : 'before']?.setViewport(view)
  }
  const focus = (step: string, was?: string | null) => {
    const after = flows.current.after?.getNode(step)
    const flow = after ? flows.current.after : flows.current.before
    const node = after ?? flows.current.before?.getNode(was ?? step)
    if (flow && node) void flow.setCenter(node.position.x + 124, node.position.y + 42, { zoom: 0.9 })
  }
  return {
    moved,
    focus,
    started: (side: Side, flow: Flow) => {
      flows.current[side] = flow
    },
  }
}

type PaneProps = {
  side: Side
  name: string
  document: WorkflowDocument
  marks: Map<string, Change>
  selected: string | null
  together: ReturnType<typeof useTogether>
  onSelect: (step: string) => void
}

function Pane({ side, name, document, marks, selected, together, onSelect }: PaneProps) {
  const nodes = useMemo(
    () => nodesOf(document, { changes: marks, selected: selected ? new Set([selected]) : undefined }),
    [document, marks, selected],
  )
  const edges = useMemo(() => canvasEdges(document, {}), [document])
  const label = s[side](s.version(name))
  return (
    <figure aria-label={label} className="flex min-h-64 min-w-0 flex-1 flex-col">
      <figcaption className="border-b border-line px-3 py-1 text-xs font-medium text-muted">{label}</figcaption>
      <div className="min-h-0 flex-1">
        <ReactFlowProvider>
          <CanvasSurface
            bare
            nodes={nodes}
            edges={edges}
            aria-label={label}
            nodesDraggable={false}
            nodesConnectable={false}
            edgesFocusable={false}
            onInit={(flow) => together.started(side, flow)}
            onMove={(_, view) => together.moved(side, view)}
            onNodeClick={(_, node) => onSelect(node.id)}
          />
        </ReactFlowProvider>
      </div>
    </figure>
  )
}

function ChangeItem({
  change,
  title,
  leads,
  open,
  onOpen,
}: {
  change: StepChange
  title: string
  leads: Diff['connections']
  open: boolean
  onOpen: () => void
}) {
  const look = CHANGE_LOOK[change.kind]
  const Icon = look.icon
  return (
    <li className="border-b border-line last:border-b-0">
      <button
        type="button"
        aria-expanded={open}
        aria-label={s.focus(s[change.kind], title)}
        onClick={onOpen}
        className={cx(
          'flex w-full items-center gap-2 px-3 py-1.5 text-left text-sm hover:bg-hover',
          open && 'bg-hover',
        )}
      >
        <Icon size={14} className={look.text} />
        <span className={cx('w-16 shrink-0 text-xs', look.text)}>{s[change.kind]}</span>
        <span className="truncate">{title}</span>
        {change.was && <span className="truncate font-mono text-xs text-faint">{s.was(change.was)}</span>}
      </button>
      {open && (change.fields.length > 0 || leads.length > 0) && (
        <ul className="flex flex-col gap-1 px-3 pt-0.5 pb-2 text-xs">
          {leads.map((lead) => (
            <li key={lead.exit} className="text-muted">
              {s.leads(lead.exit, lead.before ?? s.nothing, lead.after ?? s.nothing)}
            </li>
          ))}
          {change.fields.map((field) => (
            <li key={field.pointer} className="font-mono break-all">
              <span className="text-faint">{field.pointer || s.whole}</span>{' '}
              {field.before !== null && <del className="text-bad no-underline">− {brief(field.before, 120)}</del>}{' '}
              {field.after !== null && <ins className="text-ok no-underline">+ {brief(field.after, 120)}</ins>}
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

/** Two graphs side by side, moving together, and the list of what differs. */
export default function GraphDiff({ id, diff, height = 'h-[32rem]' }: { id: string; diff: Diff; height?: string }) {
  const [selected, setSelected] = useState<StepChange | null>(null)
  const together = useTogether()
  const older = useDocumentOf(id, diff.from)
  const newer = useDocumentOf(id, diff.to)
  const marks = useMemo(() => changeMarks(diff.changes), [diff.changes])
  const [was, is] = [older.document, newer.document]
  const drawn = useMemo(() => was && is && aligned(was, is, diff.changes), [was, is, diff.changes])
  const broken = [older, newer].find((one) => !one.document && one.error)
  if (broken)
    return (
      <Failure title={app.failedTitle} detail={problemText(broken.error)} retry={broken.retry} retryLabel={app.retry} />
    )
  if (!drawn) return <Skeleton className="h-96" />
  const { before, after: later } = drawn
  const open = (change: StepChange) => {
    setSelected(change)
    together.focus(change.step, change.was)
  }
  const pick = (step: string) => {
    const change = diff.changes.find((one) => one.step === step || one.was === step)
    if (change) setSelected(change)
  }
  return (
    <div className="flex flex-col overflow-hidden rounded-lg border border-line">
      <div className={cx('flex flex-col divide-y divide-line lg:flex-row lg:divide-x lg:divide-y-0', height)}>
        <Pane
          side="before"
          name={diff.from}
          document={before}
          marks={marks.before}
          selected={selected ? (selected.was ?? selected.step) : null}
          together={together}
          onSelect={pick}
        />
        <Pane
          side="after"
          name={diff.to}
          document={later}
          marks={marks.after}
          selected={selected?.step ?? null}
          together={together}
          onSelect={pick}
        />
        <section
          aria-label={s.changesFrom(s.version(diff.from), s.version(diff.to))}
          className="max-h-64 w-full shrink-0 overflow-y-auto lg:max-h-none lg:w-72"
        >
          <h3 className="border-b border-line px-3 py-1 text-xs font-medium text-muted">{s.changes}</h3>
          <ul>
            {diff.changes.map((change) => (
              <ChangeItem
                key={`${change.kind}.${change.step}`}
                change={change}
                title={titleOf(change.step, later.steps[change.step] ?? before.steps[change.step])}
                leads={diff.connections.filter((one) => one.step === change.step)}
                open={selected === change}
                onOpen={() => open(change)}
              />
            ))}
          </ul>
          {diff.document.length > 0 && (
            <>
              <h3 className="border-y border-line px-3 py-1 text-xs font-medium text-muted">{s.document}</h3>
              <ul className="flex flex-col gap-1 px-3 py-2 font-mono text-xs">
                {diff.document.map((field) => (
                  <li key={field.pointer} className="break-all">
                    <span className="text-faint">{field.pointer}</span> {brief(field.before, 60)} →{' '}
                    {brief(field.after, 60)}
                  </li>
                ))}
              </ul>
            </>
          )}
        </section>
      </div>
    </div>
  )
}
