import { useState } from 'react'
import { problemText } from '@/api/client'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'

/** Asks for the name under which something is kept. */
export function NameDialog({
  words,
  lengthMax,
  busy,
  problem,
  onName,
  onClose,
}: {
  words: { title: string; text: string; name: string; submit: string }
  lengthMax: number
  busy: boolean
  problem: unknown
  onName: (name: string) => void
  onClose: () => void
}) {
  const [name, setName] = useState('')
  return (
    <Dialog open onClose={onClose} title={words.title} description={words.text}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          onName(name)
        }}
      >
        <Field label={words.name}>
          {(props) => (
            <Input
              {...props}
              autoFocus
              required
              maxLength={lengthMax}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        {Boolean(problem) && <Note tone="bad">{problemText(problem)}</Note>}
        <div className="flex justify-end">
          <Button type="submit" look="primary" busy={busy}>
            {words.submit}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
