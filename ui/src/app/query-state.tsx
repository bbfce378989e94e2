import type { ReactNode } from 'react'
import { ApiProblem, problemText } from '@/api/client'
import { Failure, SkeletonRows } from '@/ui/states'
import { NotFound } from './not-found'
import { strings } from './strings'

type Read<T> = { data: T | undefined; error: Error | null; isPending: boolean; refetch: () => unknown }

/** The three faces of a read: skeleton, failure with a way to repeat it, content. */
export function QueryState<T>({
  query,
  skeleton,
  children,
}: {
  query: Read<T>
  skeleton?: ReactNode
  children: (data: T) => ReactNode
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>
  if (query.error) {
    if (query.error instanceof ApiProblem && query.error.status === 404) return <NotFound />
    return (
      <Failure
        title={strings.failedTitle}
        detail={problemText(query.error)}
        retry={() => void query.refetch()}
        retryLabel={strings.retry}
      />
    )
  }
  return <>{skeleton ?? <SkeletonRows label={strings.loading} />}</>
}
