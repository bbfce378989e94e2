import type { ErrorComponentProps } from '@tanstack/react-router'
import { problemText } from '@/api/client'
import { Failure } from '@/ui/states'
import { strings } from './strings'

/** What a page that failed to render shows instead. */
export function Crash({ error, reset }: ErrorComponentProps) {
  return <Failure title={strings.crashTitle} detail={problemText(error)} retry={reset} retryLabel={strings.retry} />
}
