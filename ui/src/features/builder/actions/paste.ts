import { useEffect, useRef } from 'react'
import type { Step, StepId } from '@/model/document'
import { pasteSteps } from '@/model/operations/edits'
import { toast } from '@/ui/toast'
import { pasted, placed, stepsIn } from '../clipboard'
import type { Builder } from '../stores'

const PASTE_OFFSET: [number, number] = [40, 40]

/** Puts copies of these steps into the draft, beside where they stand, and selects them. */
export function paste(builder: Builder, steps: Record<StepId, Step>): void {
  const { operation, ids } = pasteSteps(builder.history.get().document, steps, PASTE_OFFSET)
  builder.perform(operation)
  builder.select(ids)
}

/** Puts the steps that a text holds in the middle of what is seen, or says why it holds none. */
export function pasteText(builder: Builder, clipboard: string, at: () => [number, number]): void {
  const found = stepsIn(pasted(clipboard))
  if ('problem' in found) toast.bad(found.problem)
  else paste(builder, placed(builder.history.get().document, found.steps, at()))
}

/** Takes what the browser pastes while nobody writes. */
export function usePaste(builder: Builder, editable: boolean, at: () => [number, number]): void {
  const latest = useRef(at)
  useEffect(() => {
    latest.current = at
  })
  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      const typing =
        event.target instanceof HTMLElement &&
        (event.target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName))
      if (!editable || typing) return
      event.preventDefault()
      pasteText(builder, event.clipboardData?.getData('text/plain') ?? '', latest.current)
    }
    window.addEventListener('paste', onPaste)
    return () => window.removeEventListener('paste', onPaste)
  }, [builder, editable])
}
