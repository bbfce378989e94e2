import { useMutation, useQueryClient } from '@tanstack/react-query'
import { problemText } from '@/api/client'
import { toast } from '@/ui/toast'
import { writes } from './api'

/** Says that the caller is on it, or no more. */
export function useClaim(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (what: 'take' | 'release') => (what === 'take' ? writes.take(id) : writes.release(id)),
    onError: (error) => toast.bad(problemText(error)),
    onSettled: () => client.invalidateQueries({ queryKey: ['checkpoints'] }),
  })
}
