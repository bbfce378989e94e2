import { strings } from '@/app/strings'
import { Button } from '@/ui/button'

/** The next page of a cursor list. */
export function LoadMore({
  query,
}: {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }
}) {
  if (!query.hasNextPage) return null
  return (
    <div className="flex justify-center p-4">
      <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {strings.more}
      </Button>
    </div>
  )
}
