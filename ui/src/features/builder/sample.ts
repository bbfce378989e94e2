import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { queries } from '@/api/queries'
import type { Sample as KeptSample } from '@/api/types'
import { useActions } from '@/api/use-actions'
import { useSamples } from '@/components/kept-sample'
import { actionsOf } from '@/model/document'
import {
  callScope,
  messageScope,
  scopeOfDocument,
  scopeOfRun,
  withKept,
  withOutput,
  type Sample,
} from '@/model/expression/sample'
import { documentShape, leaf, merged, shapeOfValue, type Shape } from '@/model/expression/shape'
import { getAt, isObject, type Json, type JsonObject } from '@/model/json'
import { strings } from '@/model/strings'
import { useStore } from '@/ui/store'
import { reads } from './api'
import { useBuilder, useDocument } from './context'

/** Where an expression stands decides what it reads. */
export type Place = { kind: 'step' } | { kind: 'set'; step: string } | { kind: 'message' } | { kind: 'call' }

/** What expressions of a run saw, as soon as it is there. */
export function useRunScope(id: string | undefined): JsonObject | null {
  const { data: run } = useQuery({ ...queries.run(id ?? ''), enabled: id !== undefined })
  const { data: start } = useQuery({ ...reads.runStart(id ?? ''), enabled: id !== undefined })
  return useMemo(() => (run && start ? scopeOfRun(run, start) : null), [run, start])
}

/**
 * The data expressions are tried on: what somebody wrote, else the run chosen or the newest, else the variables as
 * they start; with what steps answered when they were tried, unless a run was chosen.
 */
export function useSample(): Sample {
  const builder = useBuilder()
  const document = useDocument()
  const edited = useStore(builder.sample)
  const chosen = useStore(builder.sampleRun)
  const { data: newest } = useQuery(reads.newestRun(builder.id))
  const data = useRunScope(chosen ?? newest?.id)
  const samples = useSamples(builder.id)
  return useMemo((): Sample => {
    if (edited) return { source: 'edited', data: edited, kept: 0 }
    // A run that somebody chose is shown as it was.
    const own = (one: KeptSample) => chosen === null && one.of === 'step' && Object.hasOwn(document.steps, one.id)
    const tried = samples.filter(own).map(({ id, value }) => ({ id, value: value as Json }))
    const kept = tried.length
    const all = withKept(data ?? scopeOfDocument(document), tried)
    if (data) return { source: 'run', started_at: Number(getAt(data, ['run', 'started_at'])), data: all, kept }
    return { source: 'none', data: all, kept }
  }, [edited, data, document, samples, chosen])
}

/** The sample as an expression in this place reads it. */
export function scopeAt(data: JsonObject, place: Place): JsonObject {
  switch (place.kind) {
    case 'step':
      return data
    case 'set':
      return withOutput(data, place.step)
    case 'message':
      return messageScope(data)
    case 'call':
      return callScope(data)
  }
}

/** What can be named in this place, from the document, the connectors and the sample. Made when it is asked for. */
export function useShape(place: Place): () => Shape {
  const document = useDocument()
  const actions = useActions(actionsOf(document))
  const sample = useSample()
  return useCallback(() => {
    const whole = merged(
      documentShape(document, (action) => actions.get(action)?.output),
      shapeOfValue(sample.data),
    )
    if (place.kind === 'call') return shapeOfValue(callScope(sample.data))
    if (place.kind === 'message') {
      const own = shapeOfValue(messageScope(sample.data))
      return {
        ...own,
        members: new Map(
          [...own.members].map(([name, shape]) => [name, merged(whole.members.get(name) ?? leaf(), shape)]),
        ),
      }
    }
    const step =
      place.kind === 'set' ? whole.members.get('steps')?.members.get(place.step)?.members.get('output') : undefined
    return step
      ? { ...whole, members: new Map([['output', { ...step, about: strings.shape.output }], ...whole.members]) }
      : whole
  }, [document, actions, sample, place])
}

/** JSON text as an object, or nothing. */
export function readObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}
