import { lazy, Suspense } from 'react'
import BuilderPage, { type RehearsalSlot } from '@/features/builder/builder-page'
import { Skeleton } from '@/ui/states'

const Rehearsal = lazy(() => import('@/features/rehearsal/rehearsal-panel'))
const rehearsal: RehearsalSlot = (props) => <Suspense fallback={<Skeleton className="m-4 h-96 w-96" />}><Rehearsal {...props} /></Suspense>

/** The builder with what other features put beside its canvas. */
export default function Builder() {
  return <BuilderPage rehearsal={rehearsal} />
}
