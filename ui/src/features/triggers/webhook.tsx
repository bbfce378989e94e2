import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { problemText } from '@/api/client'
import type { Trigger } from '@/api/types'
import { CopyButton } from '@/ui/copy-button'
import { Button } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { curlOf, type WebhookTrigger } from './curl'
import { strings as s } from './strings'
import { TryWebhook } from './try-webhook'

function Secret({ workflow, trigger }: { workflow: string; trigger: Trigger }) {
  const client = useQueryClient()
  const [secret, setSecret] = useState('')
  const keep = useMutation({
    mutationFn: () => writes.change(workflow, trigger.id, { secret }),
    onSuccess: () => {
      setSecret('')
      toast.ok(s.secretKept)
      void client.invalidateQueries({ queryKey: ['workflows', 'triggers'] })
    },
  })
  return (
    <form
      className="flex flex-wrap items-start gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        keep.mutate()
      }}
    >
      <Field
        label={s.secret}
        hint={trigger.has_secret ? s.hasSecret : s.noSecret}
        error={keep.error ? problemText(keep.error) : undefined}
        className="min-w-0 flex-1"
      >
        {(props) => (
          <Input
            {...props}
            type="password"
            required
            maxLength={500}
            autoComplete="off"
            value={secret}
            onChange={(event) => setSecret(event.target.value)}
          />
        )}
      </Field>
      <Button type="submit" className="mt-5" busy={keep.isPending}>
        {s.saveSecret}
      </Button>
    </form>
  )
}

/** A call to copy, or why there is none. */
function Call({ id, url, definition }: { id: string; url: string; definition: WebhookTrigger }) {
  const curl = curlOf(url, definition)
  if (curl === null)
    return <p className="text-sm text-muted">{s.providerSigns(s.providers[definition.verify ?? ''])}</p>
  return (
    <div className="flex flex-col gap-1">
      <div className="flex items-center justify-between gap-2">
        <h3 className="text-xs font-medium text-muted">{curl.includes('$SECRET') ? s.curl : s.curlOpen}</h3>
        <CopyButton text={curl} label={s.copyCurl} />
      </div>
      <pre
        tabIndex={0}
        role="region"
        aria-label={s.curlOf(id)}
        className="overflow-x-auto rounded-md bg-sunken p-2 font-mono text-xs"
      >
        {curl}
      </pre>
    </div>
  )
}

type Props = {
  workflow: string
  trigger: Trigger
  /** As the version has it; undefined until that is known. */
  definition: WebhookTrigger | undefined
  may: boolean
}

/** Where it is called, how that is tried, and what calls are verified with. */
export function Webhook({ workflow, trigger, definition, may }: Props) {
  const [trying, setTrying] = useState(false)
  const verify = definition && (definition.verify ?? 'none')
  const signed = verify !== undefined && verify !== 'none'
  return (
    <>
      {trigger.url ? (
        <>
          <Field label={s.address} hint={s.addressHint}>
            {(props) => (
              <div className="flex items-center gap-2">
                <Input {...props} readOnly value={trigger.url ?? ''} className="font-mono !text-xs" />
                <CopyButton text={trigger.url ?? ''} label={s.copyAddress} />
              </div>
            )}
          </Field>
          {definition && <Call id={trigger.id} url={trigger.url} definition={definition} />}
        </>
      ) : (
        <Note tone="muted">{s.buildersOnly}</Note>
      )}
      {verify && <p className="text-sm text-muted">{signed ? s.verified(verify) : s.anyCall}</p>}
      {may && (
        <div>
          <Button onClick={() => setTrying(true)}>{s.sample.open}</Button>
          {trying && <TryWebhook workflow={workflow} trigger={trigger} onClose={() => setTrying(false)} />}
        </div>
      )}
      {signed && may && <Secret workflow={workflow} trigger={trigger} />}
    </>
  )
}
