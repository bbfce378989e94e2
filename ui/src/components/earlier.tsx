import { Button } from '@/ui/button'
import { strings } from './strings'

const s = strings.earlier

/** Asks for the messages before those that are shown. */
export function Earlier({ earlier }: { earlier: { isPending: boolean; isError: boolean; mutate: () => void } }) {
  return (
    <div className="mb-3 flex flex-col items-center gap-1">
      <Button busy={earlier.isPending} onClick={() => earlier.mutate()}>
        {s.more}
      </Button>
      {earlier.isError && (
        <p role="alert" className="text-sm text-bad">
          {s.failed}
        </p>
      )}
    </div>
  )
}
