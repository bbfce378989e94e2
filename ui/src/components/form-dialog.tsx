import type { ReactNode } from 'react'
import { problemText } from '@/api/client'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Note } from '@/ui/states'

/** What a mutation tells of itself. */
type Sending = { isPending: boolean; error: unknown }

/** A dialog that sends what was filled in; what was refused says why and leaves what was given. */
export function FormDialog({
  title,
  text,
  submit,
  keep,
  danger = false,
  disabled = false,
  sending,
  onSubmit,
  onClose,
  children,
}: {
  title: string
  text?: string
  submit: string
  /** Words of the button that leaves all as it is, where there is one. */
  keep?: string
  /** Whether what is sent ends something. */
  danger?: boolean
  /** Whether what was given cannot be sent. */
  disabled?: boolean
  sending: Sending
  onSubmit: () => void
  onClose: () => void
  children: ReactNode
}) {
  return (
    <Dialog open onClose={onClose} title={title} description={text}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          onSubmit()
        }}
      >
        {children}
        {Boolean(sending.error) && <Note tone="bad">{problemText(sending.error)}</Note>}
        <div className="flex justify-end gap-2">
          {keep && <Button onClick={onClose}>{keep}</Button>}
          <Button type="submit" look={danger ? 'danger' : 'primary'} busy={sending.isPending} disabled={disabled}>
            {submit}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** Asks before something ends that is not brought back. */
export function ConfirmDialog({
  title,
  text,
  words,
  sending,
  refused = false,
  onConfirm,
  onClose,
  children,
}: {
  title: string
  text: string
  words: { keep: string; confirm: string }
  sending: Sending
  /** Whether asking again is of no use. */
  refused?: boolean
  onConfirm: () => void
  onClose: () => void
  /** What is said besides, below the text. */
  children?: ReactNode
}) {
  return (
    <Dialog open onClose={onClose} title={title} description={text}>
      {children}
      {Boolean(sending.error) && <Note tone="bad">{problemText(sending.error)}</Note>}
      <div className="mt-3 flex justify-end gap-2">
        <Button onClick={onClose}>{words.keep}</Button>
        <Button look="danger" busy={sending.isPending} disabled={refused} onClick={() => onConfirm()}>
          {words.confirm}
        </Button>
      </div>
    </Dialog>
  )
}
