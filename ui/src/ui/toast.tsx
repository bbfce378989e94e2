import { CircleAlert, CircleCheck, X } from 'lucide-react'
import { createStore, useStore } from './store'

type Toast = { id: number; tone: 'ok' | 'bad'; text: string }

const toasts = createStore<Toast[]>([])
let nextId = 1

function show(tone: Toast['tone'], text: string): void {
  const id = nextId++
  toasts.set((shown) => [...shown.slice(-3), { id, tone, text }])
  setTimeout(() => dismiss(id), tone === 'bad' ? 8000 : 4000)
}

function dismiss(id: number): void {
  toasts.set((shown) => shown.filter((toast) => toast.id !== id))
}

/** Short news at the edge of the screen. */
export const toast = { ok: (text: string) => show('ok', text), bad: (text: string) => show('bad', text) }

export function Toasts({ dismissLabel }: { dismissLabel: string }) {
  const shown = useStore(toasts)
  return (
    <div role="status" aria-live="polite" className="pointer-events-none fixed inset-x-4 bottom-4 z-60 flex flex-col items-end gap-2">
      {shown.map((entry) => (
        <div key={entry.id} className="pointer-events-auto flex max-w-md items-start gap-2 rounded-lg border border-line bg-raised px-3 py-2.5 text-sm shadow-[var(--shadow)]" style={{ animation: 'rise 160ms ease-out' }}>
          {entry.tone === 'ok' ? <CircleCheck size={16} className="mt-0.5 shrink-0 text-ok" /> : <CircleAlert size={16} className="mt-0.5 shrink-0 text-bad" />}
          <span>{entry.text}</span>
          <button type="button" aria-label={dismissLabel} onClick={() => dismiss(entry.id)} className="ml-1 rounded text-faint hover:text-text">
            <X size={14} />
          </button>
        </div>
      ))}
    </div>
  )
}
