import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { problemText } from '@/api/client'
import type { Customer, CustomerMerge, MergePreview } from '@/api/types'
import { FormDialog } from '@/components/form-dialog'
import { Button } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { Ago } from '@/ui/time'
import { toast } from '@/ui/toast'
import { useSettled } from '@/ui/use-settled'
import { reads, writes } from './api'
import { ReasonField } from './reason-field'
import { strings } from './strings'

const s = strings.identities
const CHOICE = 'flex cursor-pointer items-center gap-2 rounded-md px-1 py-1 text-sm hover:bg-hover'
/** Customers to choose from at a time. */
const CHOICES = 8

/** Everything that may tell another customer now. */
function useRefresh() {
  const client = useQueryClient()
  return () =>
    Promise.all(
      ['conversations', 'customers', 'runs', 'checkpoints'].map((key) => client.invalidateQueries({ queryKey: [key] })),
    )
}

/** Customers to choose from: all but this one. */
function Candidates({
  customer,
  chosen,
  onChoose,
}: {
  customer: Customer
  chosen?: string
  onChoose: (id: string) => void
}) {
  const [text, setText] = useState('')
  const { data } = useQuery(reads.customersLike(useSettled(text.trim())))
  const found = data?.items.filter((one) => one.id !== customer.id).slice(0, CHOICES) ?? []
  return (
    <>
      <Field label={s.find}>
        {(props) => (
          <Input {...props} value={text} placeholder={s.findHint} onChange={(event) => setText(event.target.value)} />
        )}
      </Field>
      <fieldset className="min-w-0">
        <legend className="sr-only">{s.choose}</legend>
        {data && found.length === 0 && <p className="text-sm text-faint">{s.nobody}</p>}
        {found.map((one) => (
          <label key={one.id} className={CHOICE}>
            <input type="radio" name="customer" checked={chosen === one.id} onChange={() => onChoose(one.id)} />
            <span className="min-w-0 break-words">
              {one.name || strings.anonymous}{' '}
              <span className="text-faint">
                {[one.email ?? one.claimed?.email, one.phone, one.external_id].filter(Boolean).join(' · ')}
              </span>
            </span>
          </label>
        ))}
      </fieldset>
    </>
  )
}

/** What would follow, or why it cannot be. */
function Preview({ preview }: { preview: MergePreview }) {
  if (preview.conflict) return <Note tone="bad">{preview.conflict.text}</Note>
  const { open_runs, open_checkpoints } = preview
  return (
    <section aria-label={s.preview} className="flex flex-col gap-1.5 rounded-lg border border-line p-3 text-sm">
      <p>{s.moves(preview.conversations, preview.runs)}</p>
      {open_runs + open_checkpoints > 0 && <p className="text-warn">{s.open(open_runs, open_checkpoints)}</p>}
      {preview.opted_out.map((one) => (
        <p key={`${one.channel} ${one.address}`} className="break-words text-warn">
          {s.optedOut(one.address, strings.consents.channel(one.channel))}
        </p>
      ))}
      {preview.differs.length > 0 && (
        <>
          <p className="text-muted">{s.differs}</p>
          <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5">
            {preview.differs.map((one) => (
              <div key={one.field} className="contents">
                <dt className="text-faint">{s.field(one.field)}</dt>
                <dd className="min-w-0 break-words">
                  {one.kept} <span className="text-faint">/ {one.merged}</span>
                </dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </section>
  )
}

function MergeDialog({ customer, onClose }: { customer: Customer; onClose: () => void }) {
  const [chosen, setChosen] = useState<string>()
  const [reason, setReason] = useState('')
  const refresh = useRefresh()
  const look = useQuery({ ...reads.merge(customer.id, chosen ?? ''), enabled: chosen != null })
  const { data: preview, error } = look
  const merge = useMutation({
    mutationFn: (other: string) =>
      writes.merge(customer.id, { customer: other, reason: reason.trim(), reviewed: preview?.reviewed }),
    onSuccess: () => {
      onClose()
      toast.ok(s.merged)
      return refresh()
    },
    // What is shown is what is so now: it is looked at again.
    onError: () => look.refetch(),
  })
  const seen = chosen != null && preview != null && preview.conflict == null
  return (
    <FormDialog
      title={s.mergeTitle(customer.name || strings.anonymous)}
      text={s.mergeText}
      submit={s.merge}
      disabled={!seen || reason.trim() === ''}
      sending={merge}
      onSubmit={() => chosen != null && merge.mutate(chosen)}
      onClose={onClose}
    >
      <Candidates customer={customer} chosen={chosen} onChoose={setChosen} />
      {chosen != null && error && <Note tone="bad">{problemText(error)}</Note>}
      {chosen != null && preview && <Preview preview={preview} />}
      <ReasonField label={s.reason} hint={s.reasonHint} reason={reason} onChange={setReason} />
    </FormDialog>
  )
}

function Merged({ customer, merge, may }: { customer: string; merge: CustomerMerge; may: boolean }) {
  const refresh = useRefresh()
  const undo = useMutation({
    mutationFn: () => writes.undoMerge(customer, merge.id),
    onSuccess: () => {
      toast.ok(s.undone)
      return refresh()
    },
    onError: (error) => {
      toast.bad(problemText(error))
      return refresh()
    },
  })
  const name = merge.customer.name || strings.anonymous
  return (
    <li className="flex items-start justify-between gap-2">
      <span className="min-w-0 break-words text-muted">
        {s.was(name)}
        <span className="block text-xs text-faint">
          {merge.by?.name} <Ago at={merge.at} />: {merge.reason}
        </span>
      </span>
      {may && (
        <Button small busy={undo.isPending} aria-label={s.undoNamed(name)} onClick={() => undo.mutate()}>
          {s.undo}
        </Button>
      )}
    </li>
  )
}

/** What a customer is known and reached by, how sure that is, and who turned out to be them. */
export function Identities({ customer, may }: { customer: Customer; may: boolean }) {
  const [merging, setMerging] = useState(false)
  const { data } = useQuery(reads.identities(customer.id))
  const names = new Map(data?.merges.map((merge) => [merge.customer.id, merge.customer.name || strings.anonymous]))
  return (
    <section>
      <h2 className="mb-2 text-xs font-semibold tracking-wide text-faint uppercase">{s.title}</h2>
      {data?.identities.length === 0 && <p className="text-sm text-faint">{s.none}</p>}
      <ul aria-label={s.title} className="flex flex-col gap-1 text-sm">
        {data?.identities.map((one) => (
          <li key={`${one.kind} ${one.value}`} className="flex items-baseline justify-between gap-2">
            <span className="min-w-0 break-words">
              <span className="text-faint">{s.kind(one.kind)}</span> {one.kind === 'web' ? s.visitor : one.value}
              {one.merged_from && names.has(one.merged_from) && (
                <span className="text-xs text-faint"> {s.from(names.get(one.merged_from) ?? '')}</span>
              )}
            </span>
            <span className={one.standing === 'proven' ? 'shrink-0 text-xs text-ok' : 'shrink-0 text-xs text-warn'}>
              {s.standing(one.standing)}
            </span>
          </li>
        ))}
      </ul>
      {(data?.merges.length ?? 0) > 0 && (
        <ul aria-label={s.merges} className="mt-2 flex flex-col gap-1.5 text-sm">
          {data?.merges.map((merge) => (
            <Merged key={merge.id} customer={data.customer.id} merge={merge} may={may} />
          ))}
        </ul>
      )}
      {may && (
        <Button small className="mt-2" onClick={() => setMerging(true)}>
          {s.mergeButton}
        </Button>
      )}
      {merging && <MergeDialog customer={customer} onClose={() => setMerging(false)} />}
    </section>
  )
}
