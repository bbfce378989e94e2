import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ApiProblem, problemText, type Body } from '@/api/client'
import type { Checkpoint } from '@/api/types'
import { statusLook } from '@/model/status'
import { toast } from '@/ui/toast'
import { reads, writes } from './api'
import { takesPassword } from './sign-in-again'
import { strings as s } from './strings'

type Decision = Body<'/api/v1/checkpoints/{id}/decision', 'post'>

/** What a lost race tells: who was faster, with what. */
export function alreadyText(error: unknown): string | null {
  if (!(error instanceof ApiProblem) || error.code !== 'already_decided') return null
  const { outcome, decided_by, decided_at } = error.problem
  if (!outcome || !decided_by || !decided_at) return error.message
  return s.already(statusLook(outcome).word.toLowerCase(), decided_by.name, new Date(decided_at).toLocaleString())
}

/**
 * Decides a checkpoint; a 409 shows who was faster and refreshes the card. `seen` is the checkpoint's `shown` as the
 * person read it: where what is asked was changed since, the server decides nothing. `onDecided` is told what it came
 * to before the card shows it.
 */
export function useDecision(
  checkpoint: Checkpoint,
  seen = checkpoint.shown,
  onDecided?: (decided: Checkpoint) => void,
) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (decision: Decision) => writes.decide(checkpoint.id, { ...decision, shown: seen ?? undefined }),
    onSuccess: (decided, { outcome }) => {
      onDecided?.(decided)
      client.setQueryData(reads.checkpoint(checkpoint.id).queryKey, decided)
      const word = s.outcomeWords[outcome] ?? outcome
      if (decided.held) toast.ok(s.held.toast(word))
      else toast.ok(decided.status === 'open' ? s.notYet : s.decided(word))
    },
    onError: (error) => {
      // The card asks for the password.
      if (!takesPassword(error)) toast.bad(alreadyText(error) ?? problemText(error))
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ['checkpoints'] })
      void client.invalidateQueries({ queryKey: ['runs'] })
    },
  })
}
