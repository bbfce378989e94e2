import { Check, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { Workflow } from '@/api/types'
import { GUIDE_KIND, GUIDE_LENGTH, guideLeft, isBlank, type GuideStep } from '@/model/guide'
import { Button, IconButton } from '@/ui/button'
import { createStore, useStore } from '@/ui/store'
import { useBuilder, useDocument } from './context'
import type { Builder } from './stores'
import { strings } from './strings'

const s = strings.guide
const KEY = 'countersign.guide'

const OVER = 'over'

/** The workflow somebody is led through, or that they have had enough; this browser remembers. */
const led = createStore(localStorage.getItem(KEY))
function lead(next: string): void {
  localStorage.setItem(KEY, next)
  led.set(next)
}

/** Opens the guide, whatever is there already. */
export const openGuide = (workflow: string): void => lead(workflow)

/** What a press on *Show me* leads to; nothing where the guide points by itself or the text is enough. */
function shower(builder: Builder, step: GuideStep): (() => void) | undefined {
  if (step === 'trigger')
    return () => {
      builder.select([])
      builder.show({ focus: 'triggers' })
    }
  if (step !== 'guard') return undefined
  const approval = Object.entries(builder.history.get().document.steps).find(([, one]) => one.type === 'approval')
  return approval && (() => builder.show({ selected: new Set([approval[0]]), edge: null, focus: 'guards' }))
}

function Line({ left, onClose }: { left: GuideStep[]; onClose: () => void }) {
  const builder = useBuilder()
  const [step] = left
  const kind = step && GUIDE_KIND[step]
  useEffect(() => {
    builder.show({ pointed: kind ?? null })
    return () => builder.show({ pointed: null })
  }, [builder, kind])
  const show = step && shower(builder, step)
  return (
    <section
      aria-label={s.title}
      className="flex items-center gap-3 border-b border-line bg-accent-soft px-4 py-1.5 text-sm"
    >
      <span className="shrink-0 text-xs text-muted tabular-nums">
        {step ? s.at(GUIDE_LENGTH - left.length + 1, GUIDE_LENGTH) : <Check size={15} className="text-ok" />}
      </span>
      <p className="min-w-0 flex-1" role="status">
        <span className="font-semibold">{step ? s.steps[step].title : s.done}</span>{' '}
        <span className="text-muted">{step ? s.steps[step].text : s.doneText}</span>
      </p>
      {show && (
        <Button small onClick={show}>
          {s.show}
        </Button>
      )}
      <IconButton label={s.close} onClick={onClose}>
        <X size={15} />
      </IconButton>
    </section>
  )
}

/** A line that leads through a first workflow: what to do next, until its first version is published. */
export function Guide({ workflow, rehearsing }: { workflow: Workflow; rehearsing: boolean }) {
  const document = useDocument()
  const through = useStore(led)
  const [rehearsed, setRehearsed] = useState(rehearsing)
  if (rehearsing && !rehearsed) setRehearsed(true)
  const published = workflow.last_version > 0
  const begins = through !== OVER && !published && isBlank(document)
  useEffect(() => {
    if (begins) lead(workflow.id)
  }, [begins, workflow.id])
  if (through !== workflow.id) return null
  return <Line left={guideLeft(document, { rehearsed, published })} onClose={() => lead(OVER)} />
}
