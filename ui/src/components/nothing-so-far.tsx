import { Search } from 'lucide-react'
import { Button } from '@/ui/button'
import { Empty } from '@/ui/states'

type Query = { isFetchingNextPage: boolean; fetchNextPage: () => unknown }

/** What was looked at so far held nothing that fits; there is more to look at. */
export function NothingSoFar({
  query,
  words,
}: {
  query: Query
  words: { title: string; text: string; action: string }
}) {
  return (
    <Empty
      icon={<Search size={20} />}
      title={words.title}
      action={
        <Button look="primary" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {words.action}
        </Button>
      }
    >
      {words.text}
    </Empty>
  )
}
