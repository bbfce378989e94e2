import { lazy, Suspense, useMemo, useState } from 'react'
import { useMay } from '@/app/session'
import { Skeleton } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { TextField, useStepField } from './fields'
import { strings } from './strings'

const RulePane = lazy(() => import('./rule-pane'))
const s = strings.condition

/** The condition of a branch or of a case, as rules or as text; both write the same JSONata. */
export function WhenField({
  id,
  index,
  list = 'branches',
}: {
  id: string
  index: number
  list?: 'branches' | 'tiers'
}) {
  const editable = useMay('builder')
  const path = useMemo(() => [list, index, 'when'] as const, [list, index])
  const [when, set] = useStepField<string>(id, path)
  const text = when ?? ''
  const [view, setView] = useState<'text' | 'rules'>('text')
  return (
    <div data-field={path.join('.')} className="flex flex-col gap-1.5">
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
        <TextField
          id={id}
          path={path}
          label={s.when}
          hint={text ? undefined : s.whenHint}
          rows={2}
          mode="expression"
          required
        />
      ) : (
        <Suspense
          fallback={
            <div data-loading>
              <Skeleton className="h-20" />
            </div>
          }
        >
          <RulePane text={text} onChange={set} disabled={!editable} />
        </Suspense>
      )}
    </div>
  )
}
