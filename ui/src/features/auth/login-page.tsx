import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { problemText } from '@/api/client'
import { queries } from '@/api/queries'
import { useTitle } from '@/app/page'
import { Button } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { writes } from './api'
import { AuthFrame } from './auth-frame'
import { strings } from './strings'

const s = strings.login

/** Only addresses inside the app are followed after login. */
function inside(next: string | undefined): string {
  return next && next.startsWith('/') && !next.startsWith('//') && !next.startsWith('/login') ? next : '/'
}

export default function LoginPage() {
  useTitle(s.title)
  const router = useRouter()
  const client = useQueryClient()
  const { next } = useSearch({ from: '/login' })
  const [form, setForm] = useState({ email: '', password: '' })
  const login = useMutation({
    mutationFn: () => writes.signIn(form),
    onSuccess: (me) => {
      client.clear()
      client.setQueryData(queries.me().queryKey, me)
      router.history.push(inside(next))
    },
  })
  return (
    <AuthFrame title={s.title}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          login.mutate()
        }}
      >
        <Field label={s.email}>
          {(props) => (
            <Input
              {...props}
              type="email"
              name="email"
              autoComplete="username"
              required
              autoFocus
              value={form.email}
              onChange={(event) => setForm({ ...form, email: event.target.value })}
            />
          )}
        </Field>
        <Field label={s.password}>
          {(props) => (
            <Input
              {...props}
              type="password"
              name="password"
              autoComplete="current-password"
              required
              value={form.password}
              onChange={(event) => setForm({ ...form, password: event.target.value })}
            />
          )}
        </Field>
        {login.error && <Note tone="bad">{problemText(login.error)}</Note>}
        <Button type="submit" look="primary" busy={login.isPending} className="mt-1">
          {s.submit}
        </Button>
      </form>
    </AuthFrame>
  )
}
