import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Bookmark, Save, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { api, problemText, send } from '@/api/client'
import { queries, type RunFilters } from '@/api/queries'
import { Button, IconButton } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Menu, type MenuItem } from '@/ui/menu'
import { Note } from '@/ui/states'
import { toast } from '@/ui/toast'
import { strings } from './strings'

const s = strings.views

function SaveDialog({ filters, onClose }: { filters: RunFilters; onClose: () => void }) {
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [key] = useState(() => `view-${Date.now()}-${Math.random().toString(36).slice(2)}`)
  const search = Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined))
  const save = useMutation({
    mutationFn: () => send(api.POST('/api/v1/saved-views', { params: { header: { 'Idempotency-Key': key } }, body: { name, search } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['saved-views'] })
      toast.ok(s.saved(name))
      onClose()
    },
  })
  return (
    <Dialog open onClose={onClose} title={s.save} description={s.saveText}>
      <form className="flex flex-col gap-3" onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}>
        <Field label={s.name}>{(props) => <Input {...props} autoFocus required maxLength={60} value={name} onChange={(event) => setName(event.target.value)} />}</Field>
        {save.error && <Note tone="bad">{problemText(save.error)}</Note>}
        <div className="flex justify-end"><Button type="submit" look="primary" busy={save.isPending}>{s.saveNow}</Button></div>
      </form>
    </Dialog>
  )
}

function ManageDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const { data } = useQuery(queries.savedViews())
  const forget = useMutation({
    mutationFn: (id: string) => send(api.DELETE('/api/v1/saved-views/{id}', { params: { path: { id } } })),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['saved-views'] }),
  })
  return (
    <Dialog open onClose={onClose} title={s.manage} description={s.manageText}>
      <ul className="flex flex-col gap-1">
        {data?.items.map((view) => (
          <li key={view.id} className="flex items-center justify-between gap-2 rounded border border-line px-2 py-1 text-sm">
            {view.name}
            <IconButton label={s.forget(view.name)} onClick={() => forget.mutate(view.id)}><Trash2 size={14} /></IconButton>
          </li>
        ))}
      </ul>
      {forget.error && <Note tone="bad">{problemText(forget.error)}</Note>}
    </Dialog>
  )
}

/** A person's own filters under names. */
export function SavedViews({ filters, filtered }: { filters: RunFilters; filtered: boolean }) {
  const navigate = useNavigate({ from: '/runs' })
  const { data } = useQuery(queries.savedViews())
  const [dialog, setDialog] = useState<'save' | 'manage' | null>(null)
  const views = data?.items ?? []
  const items: MenuItem[] = [
    ...views.map((view) => ({ id: view.id, label: view.name, icon: <Bookmark size={14} />, run: () => void navigate({ search: view.search as RunFilters }) })),
    { id: 'save', label: s.save, icon: <Save size={14} />, disabled: !filtered, run: () => setDialog('save') },
    ...(views.length > 0 ? [{ id: 'manage', label: s.manage, icon: <Trash2 size={14} />, run: () => setDialog('manage') }] : []),
  ]
  return (
    <>
      <Menu trigger={<Button small icon={<Bookmark size={14} />}>{s.label}</Button>} items={items} />
      {dialog === 'save' && <SaveDialog filters={filters} onClose={() => setDialog(null)} />}
      {dialog === 'manage' && <ManageDialog onClose={() => setDialog(null)} />}
    </>
  )
}
