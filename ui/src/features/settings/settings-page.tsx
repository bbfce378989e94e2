import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { problemText } from '@/api/client'
import { AreaLinks } from '@/app/area'
import { PageBody, PageHead, PageSection, useTitle } from '@/app/page'
import { useMe } from '@/app/session'
import { setTheme, theme, type Theme } from '@/app/theme'
import { Button, buttonClass } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { useStore } from '@/ui/store'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { strings as s } from './strings'
import { Unanswered } from './unanswered'

function Appearance() {
  const chosen = useStore(theme)
  return (
    <div role="radiogroup" aria-label={s.look} className="flex gap-2">
      {(Object.keys(s.themes) as Theme[]).map((one) => (
        <label
          key={one}
          className={cx(
            'flex h-9 cursor-pointer items-center gap-2 rounded-md border px-3 text-sm',
            chosen === one ? 'border-accent bg-accent-soft' : 'border-line-strong',
          )}
        >
          <input
            type="radio"
            name="theme"
            checked={chosen === one}
            onChange={() => setTheme(one)}
            className="accent-accent"
          />
          {s.themes[one]}
        </label>
      ))}
    </div>
  )
}

function Password() {
  const [form, setForm] = useState({ current: '', new: '' })
  const change = useMutation({
    mutationFn: () => writes.changePassword(form),
    onSuccess: () => {
      setForm({ current: '', new: '' })
      toast.ok(s.changed)
    },
  })
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        change.mutate()
      }}
    >
      <Field label={s.current}>
        {(props) => (
          <Input
            {...props}
            type="password"
            required
            autoComplete="current-password"
            value={form.current}
            onChange={(event) => setForm({ ...form, current: event.target.value })}
          />
        )}
      </Field>
      <Field label={s.next} hint={s.hint}>
        {(props) => (
          <Input
            {...props}
            type="password"
            required
            minLength={10}
            autoComplete="new-password"
            value={form.new}
            onChange={(event) => setForm({ ...form, new: event.target.value })}
          />
        )}
      </Field>
      {change.error && <Note tone="bad">{problemText(change.error)}</Note>}
      <div>
        <Button type="submit" busy={change.isPending}>
          {s.change}
        </Button>
      </div>
    </form>
  )
}

function Widget() {
  const { workspace } = useMe()
  const code = `<script src="${window.location.origin}/widget.js" data-workspace="${workspace.slug}" async></script>`
  return (
    <>
      <code className="rounded-md bg-sunken p-3 font-mono text-xs break-all select-all">{code}</code>
      <div className="flex gap-2">
        <Button onClick={() => void navigator.clipboard.writeText(code).then(() => toast.ok(s.copied))}>
          {s.copy}
        </Button>
        <a href={`/c/${workspace.slug}`} target="_blank" rel="noreferrer" className={buttonClass('plain')}>
          {s.widgetOpen}
        </a>
      </div>
    </>
  )
}

export default function SettingsPage() {
  useTitle(s.title)
  return (
    <>
      <PageHead title={s.title} below={<AreaLinks area="settings" />} />
      <PageBody className="flex flex-col gap-8">
        <PageSection title={s.look}>
          <Appearance />
        </PageSection>
        <PageSection title={s.password}>
          <Password />
        </PageSection>
        <Unanswered />
        <PageSection title={s.widget} help={s.widgetHelp}>
          <Widget />
        </PageSection>
      </PageBody>
    </>
  )
}
