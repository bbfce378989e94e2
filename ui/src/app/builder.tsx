import { lazy, Suspense } from 'react'
import BuilderPage from '@/features/builder/builder-page'
import type { RehearsalSlot } from '@/features/builder/workbench'
import { Skeleton } from '@/ui/states'

const Rehearsal = lazy(() => import('@/features/rehearsal/rehearsal-panel'))
const rehearsal: RehearsalSlot = (props) => (
  <Suspense
    fallback={
      <div className="border-l border-line p-4 md:w-[30rem] md:shrink-0">
        <Skeleton className="h-96" />
      </div>
    }
  >
    <Rehearsal {...props} />
  </Suspense>
)

/** The builder with what other features put beside its canvas. */
export default function Builder() {
  return <BuilderPage rehearsal={rehearsal} />
}
