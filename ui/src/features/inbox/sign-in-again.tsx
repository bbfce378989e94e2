import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiProblem, problemText } from '@/api/client'
import { useMe } from '@/app/session'
import { Button } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { writes } from './api'
import { strings } from './strings'

const s = strings.signIn

/** Whether what was refused takes a password that was given lately. */
export const takesPassword = (error: unknown) => error instanceof ApiProblem && error.code === 'step_up_needed'

/** Asks for the password that a decision takes, and goes on with it. */
export function SignInAgain({ again }: { again: () => void }) {
  const me = useMe()
  const client = useQueryClient()
  const [password, setPassword] = useState('')
  const signIn = useMutation({
    mutationFn: () => writes.signIn({ email: me.user.email, password, workspace: me.workspace.slug }),
    onSuccess: () => {
      setPassword('')
      again()
      void client.invalidateQueries({ queryKey: ['checkpoints'] })
    },
  })
  return (
    <form
      aria-label={s.title}
      className="flex flex-col gap-2 rounded-lg border border-line bg-sunken p-3"
      onSubmit={(event) => {
        event.preventDefault()
        signIn.mutate()
      }}
    >
      <p className="text-sm">{s.text}</p>
      <div className="flex flex-wrap items-end gap-2">
        <Field
          label={s.password}
          error={signIn.error ? problemText(signIn.error) : undefined}
          className="min-w-48 flex-1"
        >
          {(props) => (
            <Input
              {...props}
              type="password"
              autoComplete="current-password"
              required
              autoFocus
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          )}
        </Field>
        <Button type="submit" look="primary" busy={signIn.isPending} className="max-md:min-h-11">
          {s.submit}
        </Button>
      </div>
    </form>
  )
}
