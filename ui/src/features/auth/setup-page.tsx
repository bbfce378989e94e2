import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiProblem, problemText } from '@/api/client'
import { queries } from '@/api/queries'
import { useTitle } from '@/app/page'
import { Button } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { writes } from './api'
import { AuthFrame } from './auth-frame'
import { strings } from './strings'

const s = strings.setup

export default function SetupPage() {
  useTitle(s.title)
  const navigate = useNavigate()
  const client = useQueryClient()
  // The token stays in the fragment, which browsers do not send: no proxy log holds it.
  const [token] = useState(() => window.location.hash.slice(1))
  const [form, setForm] = useState({ name: '', email: '', password: '' })
  const setup = useMutation({
    mutationFn: () =>
      writes.setUp({ token, password: form.password, name: form.name || undefined, email: form.email || undefined }),
    onSuccess: (me) => {
      client.clear()
      client.setQueryData(queries.me().queryKey, me)
      void navigate({ to: '/', replace: true })
    },
  })
  const found = setup.error instanceof ApiProblem ? (setup.error.problem.errors ?? []) : []
  const wrong = (field: keyof typeof form) => found.find((one) => one.pointer === `/${field}`)?.message
  const placed = Object.keys(form).some((field) => wrong(field as keyof typeof form))
  if (!token) {
    return (
      <AuthFrame title={s.missing}>
        <p className="text-sm text-muted">{s.missingHelp}</p>
      </AuthFrame>
    )
  }
  return (
    <AuthFrame title={s.title}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          setup.mutate()
        }}
      >
        <p className="text-sm text-muted">{s.text}</p>
        <Field label={s.name} error={wrong('name')}>
          {(props) => (
            <Input
              {...props}
              autoComplete="name"
              autoFocus
              value={form.name}
              onChange={(event) => setForm({ ...form, name: event.target.value })}
            />
          )}
        </Field>
        <Field label={s.email} error={wrong('email')}>
          {(props) => (
            <Input
              {...props}
              type="email"
              autoComplete="username"
              value={form.email}
              onChange={(event) => setForm({ ...form, email: event.target.value })}
            />
          )}
        </Field>
        <Field label={s.password} hint={s.passwordHint} error={wrong('password')}>
          {(props) => (
            <Input
              {...props}
              type="password"
              autoComplete="new-password"
              required
              minLength={10}
              value={form.password}
              onChange={(event) => setForm({ ...form, password: event.target.value })}
            />
          )}
        </Field>
        {setup.error && !placed && <Note tone="bad">{problemText(setup.error)}</Note>}
        <Button type="submit" look="primary" busy={setup.isPending} className="mt-1">
          {s.submit}
        </Button>
      </form>
    </AuthFrame>
  )
}
