import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Bookmark, Pencil, Save, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { problemText } from '@/api/client'
import { type RunFilters } from '@/api/queries'
import type { SavedView } from '@/api/types'
import { useActions, type Action } from '@/app/actions'
import { NameDialog } from '@/components/name-dialog'
import { Button, IconButton } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Input } from '@/ui/field'
import { Menu, type MenuItem } from '@/ui/menu'
import { toast } from '@/ui/toast'
import { reads, writes } from './api'
import { strings } from './strings'

const s = strings.views

function SaveDialog({ filters, onClose }: { filters: RunFilters; onClose: () => void }) {
  const client = useQueryClient()
  const [key] = useState(() => `view-${Date.now()}-${Math.random().toString(36).slice(2)}`)
  const search = Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined))
  const save = useMutation({
    mutationFn: (name: string) => writes.saveView({ name, search }, key),
    onSuccess: (_, name) => {
      void client.invalidateQueries({ queryKey: ['saved-views'] })
      toast.ok(s.saved(name))
      onClose()
    },
  })
  return (
    <NameDialog
      words={{ title: s.save, text: s.saveText, name: s.name, submit: s.saveNow }}
      lengthMax={60}
      sending={save}
      onName={save.mutate}
      onClose={onClose}
    />
  )
}

/** Changes one view, shown at once and taken back when the server refuses; nothing else depends on it. */
function useViewChange<T>(
  call: (view: SavedView, to: T) => Promise<unknown>,
  shown: (view: SavedView, to: T) => SavedView | null,
) {
  const client = useQueryClient()
  const { queryKey } = reads.savedViews()
  type Change = { view: SavedView; to: T }
  const put = (id: string, make: (one: SavedView) => SavedView | null) =>
    client.setQueryData(
      queryKey,
      (old) => old && { ...old, items: old.items.flatMap((one) => (one.id === id ? (make(one) ?? []) : one)) },
    )
  return useMutation({
    mutationFn: ({ view, to }: Change) => call(view, to),
    onMutate: async ({ view, to }) => {
      await client.cancelQueries({ queryKey })
      const before = client.getQueryData(queryKey)
      put(view.id, (one) => shown(one, to))
      return before
    },
    onError: (error, { view }, before) => {
      if (before) client.setQueryData(queryKey, before)
      toast.bad(s.refused(view.name, problemText(error)))
    },
    onSettled: () => client.invalidateQueries({ queryKey }),
  })
}

function ViewItem({
  view,
  onRename,
  onForget,
}: {
  view: SavedView
  onRename: (name: string) => void
  onForget: () => void
}) {
  const [name, setName] = useState<string | null>(null)
  return (
    <li className="flex min-h-9 items-center gap-1 rounded border border-line px-2 py-1 text-sm">
      {name === null ? (
        <span className="min-w-0 flex-1 truncate">{view.name}</span>
      ) : (
        <form
          className="flex flex-1 gap-1"
          onSubmit={(event) => {
            event.preventDefault()
            const next = name.trim()
            if (next && next !== view.name) onRename(next)
            setName(null)
          }}
        >
          <Input
            aria-label={s.newName(view.name)}
            autoFocus
            required
            maxLength={60}
            value={name}
            onChange={(event) => setName(event.target.value)}
            className="!h-7"
          />
          <Button small type="submit" look="primary">
            {s.renameNow}
          </Button>
        </form>
      )}
      <IconButton
        label={s.rename(view.name)}
        aria-pressed={name !== null}
        onClick={() => setName(name === null ? view.name : null)}
      >
        <Pencil size={14} />
      </IconButton>
      <IconButton label={s.forget(view.name)} onClick={onForget}>
        <Trash2 size={14} />
      </IconButton>
    </li>
  )
}

function ManageDialog({ onClose }: { onClose: () => void }) {
  const { data } = useQuery(reads.savedViews())
  const rename = useViewChange<string>(
    (view, name) => writes.changeView(view.id, { name, search: view.search }),
    (view, name) => ({ ...view, name }),
  )
  const forget = useViewChange<null>(
    (view) => writes.forgetView(view.id),
    () => null,
  )
  return (
    <Dialog open onClose={onClose} title={s.manage} description={s.manageText}>
      <ul aria-label={s.label} className="flex flex-col gap-1">
        {data?.items.map((view) => (
          <ViewItem
            key={view.id}
            view={view}
            onRename={(to) => rename.mutate({ view, to })}
            onForget={() => forget.mutate({ view, to: null })}
          />
        ))}
      </ul>
    </Dialog>
  )
}

/** A person's own filters under names. */
export function SavedViews({ filters, filtered }: { filters: RunFilters; filtered: boolean }) {
  const navigate = useNavigate({ from: '/runs' })
  const { data } = useQuery(reads.savedViews())
  const [dialog, setDialog] = useState<'save' | 'manage' | null>(null)
  const views = data?.items ?? []
  const show = (view: SavedView) => () => void navigate({ search: view.search as RunFilters })
  const save: Action = {
    id: 'views.save',
    label: s.save,
    group: strings.group,
    shortcut: 'v s',
    enabled: filtered,
    run: () => setDialog('save'),
  }
  const manage: Action = {
    id: 'views.manage',
    label: s.manage,
    group: strings.group,
    shortcut: 'v m',
    enabled: views.length > 0,
    run: () => setDialog('manage'),
  }
  const keyOf = (index: number) => (index < 9 ? `v ${index + 1}` : undefined)
  useActions([
    ...views.map((view, index) => ({
      id: `views.${view.id}`,
      label: s.open(view.name),
      group: strings.group,
      shortcut: keyOf(index),
      run: show(view),
    })),
    save,
    manage,
  ])
  const items: MenuItem[] = [
    ...views.map((view, index) => ({
      id: view.id,
      label: view.name,
      icon: <Bookmark size={14} />,
      shortcut: keyOf(index),
      run: show(view),
    })),
    { ...save, icon: <Save size={14} />, disabled: !filtered },
    ...(views.length > 0 ? [{ ...manage, icon: <Pencil size={14} /> }] : []),
  ]
  return (
    <>
      <Menu
        trigger={
          <Button small icon={<Bookmark size={14} />}>
            {s.label}
          </Button>
        }
        items={items}
      />
      {dialog === 'save' && <SaveDialog filters={filters} onClose={() => setDialog(null)} />}
      {dialog === 'manage' && <ManageDialog onClose={() => setDialog(null)} />}
    </>
  )
}
