import { lazy, Suspense, useMemo, useState, type ReactNode } from 'react'
import { useMay } from '@/app/session'
import { Skeleton } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { TextField, useStepField } from './fields'
import type { Place } from './sample'
import { strings } from './strings'

const RulePane = lazy(() => import('./rule-pane'))
const s = strings.condition
const STEP: Place = { kind: 'step' }

/** A condition as rules or as text; both write the same JSONata. `children` is the text's field. */
export function RulesOrText({
  field,
  text,
  place,
  label,
  problem,
  onChange,
  children,
}: {
  field: string
  /** What the rules are, and what is wrong with them; the text's field says both itself. */
  label?: string
  problem?: string
  text: string
  place: Place
  onChange: (text: string) => void
  children: ReactNode
}) {
  const editable = useMay('builder')
  const [view, setView] = useState<'text' | 'rules'>('text')
  return (
    <div data-field={field} className="flex min-w-0 flex-col gap-1.5">
      <Tabs
        label={s.view}
        value={view}
        onChange={setView}
        tabs={[
          { id: 'text', label: s.asText },
          { id: 'rules', label: s.asRules },
        ]}
      />
      {view === 'text' ? (
        children
      ) : (
        <Suspense
          fallback={
            <div data-loading>
              <Skeleton className="h-20" />
            </div>
          }
        >
          {label && <p className="text-xs font-medium text-muted">{label}</p>}
          <RulePane text={text} place={place} onChange={onChange} disabled={!editable} />
          {problem && (
            <p role="alert" className="text-xs text-bad">
              {problem}
            </p>
          )}
        </Suspense>
      )}
    </div>
  )
}

/** The condition of a branch or of a case. */
export function WhenField({
  id,
  index,
  list = 'branches',
}: {
  id: string
  index: number
  list?: 'branches' | 'tiers'
}) {
  const path = useMemo(() => [list, index, 'when'] as const, [list, index])
  const [when, set] = useStepField<string>(id, path)
  const text = when ?? ''
  return (
    <RulesOrText field={path.join('.')} text={text} place={STEP} onChange={set}>
      <TextField
        id={id}
        path={path}
        label={s.when}
        hint={text ? undefined : s.whenHint}
        rows={2}
        mode="expression"
        required
      />
    </RulesOrText>
  )
}
