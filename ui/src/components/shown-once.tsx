import type { ReactNode } from 'react'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { toast } from '@/ui/toast'

/** What is shown this one time, to be copied. */
export function ShownOnce({
  words,
  value,
  onClose,
  children,
}: {
  words: { title: string; copy: string; copied: string }
  value: string
  onClose: () => void
  /** What it is for. */
  children: ReactNode
}) {
  return (
    <Dialog open onClose={onClose} title={words.title}>
      <div className="flex flex-col gap-3">
        {children}
        <code className="rounded-md bg-sunken p-2 font-mono text-xs break-all select-all">{value}</code>
        <div className="flex justify-end">
          <Button
            look="primary"
            onClick={() => void navigator.clipboard.writeText(value).then(() => toast.ok(words.copied))}
          >
            {words.copy}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
