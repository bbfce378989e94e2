import { useState } from 'react'
import { FormDialog } from '@/components/form-dialog'
import { Field, Input } from '@/ui/field'

/** Asks for the name under which something is kept. */
export function NameDialog({
  words,
  lengthMax,
  sending,
  onName,
  onClose,
}: {
  words: { title: string; text: string; name: string; submit: string }
  lengthMax: number
  sending: { isPending: boolean; error: unknown }
  onName: (name: string) => void
  onClose: () => void
}) {
  const [name, setName] = useState('')
  return (
    <FormDialog
      title={words.title}
      text={words.text}
      submit={words.submit}
      sending={sending}
      onSubmit={() => onName(name)}
      onClose={onClose}
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
    </FormDialog>
  )
}
