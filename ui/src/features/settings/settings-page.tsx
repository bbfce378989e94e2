import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { problemText } from '@/api/client'
import type { ApiKey, Role } from '@/api/types'
import { PageBody, PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMay, useMe } from '@/app/session'
import { setTheme, theme, type Theme } from '@/app/theme'
import { Button, buttonClass } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Checkbox, Field, Input, Select } from '@/ui/field'
import { Note } from '@/ui/states'
import { useStore } from '@/ui/store'
import { Ago } from '@/ui/time'
import { toast } from '@/ui/toast'
import { reads, writes } from './api'
import { strings as s } from './strings'

function Section({ title, help, children }: { title: string; help?: string; children: ReactNode }) {
  return (
    <section className="grid gap-3 border-b border-line pb-8 md:grid-cols-[14rem_1fr]">
      <div>
        <h2 className="font-semibold">{title}</h2>
        {help && <p className="mt-1 text-sm text-muted">{help}</p>}
      </div>
      <div className="flex max-w-lg flex-col gap-3">{children}</div>
    </section>
  )
}

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

function KeyItem({ item, onRevoke }: { item: ApiKey; onRevoke: () => void }) {
  return (
    <li className="flex flex-wrap items-center gap-x-3 px-3 py-2 text-sm">
      <span className="font-medium">{item.name}</span>
      <code className="font-mono text-xs text-faint">{item.prefix}…</code>
      <span className="text-xs text-faint">
        {item.role} · {item.may_decide && <>{s.decides} · </>}
        {item.last_used_at ? (
          <>
            {s.used} <Ago at={item.last_used_at} />
          </>
        ) : (
          s.neverUsed
        )}
      </span>
      <Button small look="quiet" className="ml-auto" onClick={onRevoke}>
        {s.revoke}
      </Button>
    </li>
  )
}

function Keys() {
  const query = useQuery(reads.apiKeys())
  const client = useQueryClient()
  const [form, setForm] = useState({ name: '', role: 'operator' as Role, may_decide: false })
  const refresh = () => client.invalidateQueries({ queryKey: ['api-keys'] })
  const create = useMutation({
    mutationFn: () => writes.createKey(form),
    onSuccess: refresh,
  })
  const revoke = useMutation({
    mutationFn: (id: string) => writes.revokeKey(id),
    onSuccess: () => toast.ok(s.revoked),
    onError: (error) => toast.bad(problemText(error)),
    onSettled: refresh,
  })
  return (
    <>
      <QueryState query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-sm text-faint">{s.noKeys}</p>
          ) : (
            <ul className="divide-y divide-line rounded-lg border border-line">
              {items.map((key) => (
                <KeyItem key={key.id} item={key} onRevoke={() => revoke.mutate(key.id)} />
              ))}
            </ul>
          )
        }
      </QueryState>
      {create.data?.key && (
        <div className="flex flex-col gap-2 rounded-lg border border-line p-3">
          <Note tone="ok">{s.created}</Note>
          <code className="rounded bg-sunken p-2 font-mono text-xs break-all select-all">{create.data.key}</code>
          <div>
            <Button
              small
              onClick={() => void navigator.clipboard.writeText(create.data.key ?? '').then(() => toast.ok(s.copied))}
            >
              {s.copy}
            </Button>
          </div>
        </div>
      )}
      <form
        className="flex flex-wrap items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault()
          create.mutate()
        }}
      >
        <Field label={s.keyName} className="flex-1">
          {(props) => (
            <Input
              {...props}
              required
              value={form.name}
              onChange={(event) => setForm({ ...form, name: event.target.value })}
            />
          )}
        </Field>
        <Field label={s.keyRole}>
          {(props) => (
            <Select
              {...props}
              value={form.role}
              onChange={(event) => setForm({ ...form, role: event.target.value as Role })}
            >
              {['viewer', 'operator', 'builder', 'admin'].map((role) => (
                <option key={role}>{role}</option>
              ))}
            </Select>
          )}
        </Field>
        <Checkbox
          label={s.mayDecide}
          checked={form.may_decide}
          onChange={(event) => setForm({ ...form, may_decide: event.target.checked })}
        />
        <Button type="submit" busy={create.isPending}>
          {s.create}
        </Button>
      </form>
      {create.error && <Note tone="bad">{problemText(create.error)}</Note>}
    </>
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
  const admin = useMay('admin')
  return (
    <>
      <PageHead title={s.title} />
      <PageBody className="flex flex-col gap-8">
        <Section title={s.look}>
          <Appearance />
        </Section>
        <Section title={s.password}>
          <Password />
        </Section>
        {admin && (
          <Section title={s.keys} help={s.keysHelp}>
            <Keys />
          </Section>
        )}
        <Section title={s.widget} help={s.widgetHelp}>
          <Widget />
        </Section>
      </PageBody>
    </>
  )
}
