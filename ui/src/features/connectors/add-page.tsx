import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { ApiProblem } from '@/api/client'
import type { PutInConnector } from '@/api/types'
import { PageBody, PageHead, useTitle } from '@/app/page'
import { useMay } from '@/app/session'
import { Button } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { AddResult } from './add-result'
import { writes } from './api'
import { Crumb } from './crumb'
import { Review, type Risks } from './review'
import { SourceFields, tooLarge, type Source } from './source-fields'
import { strings } from './strings'

const s = strings.add

/** What is being done with the document just now. */
type Stage = { at: 'reading' } | { at: 'sent'; bytes: number }

const fromAddress = (source: Source) => !source.file && source.text.trim() === ''

/** Whether there is nothing that could be sent. */
function isNothing(source: Source): boolean {
  if (source.file) return tooLarge(source.file.size)
  return fromAddress(source) ? !source.url?.trim() : tooLarge(source.text.length)
}

/** What is sent of it, read here when it is a file. */
async function asBody(source: Source, name: string) {
  const named = name.trim() || undefined
  if (fromAddress(source)) return { url: source.url?.trim(), name: named }
  return { source: source.file ? await source.file.text() : source.text, name: named }
}

/** First it is looked at, which writes nothing; then what was looked at is put in. */
function usePutIn() {
  const client = useQueryClient()
  const [stage, setStage] = useState<Stage>({ at: 'reading' })
  const look = useMutation({
    mutationFn: async ({ source, name }: { source: Source; name: string }) => {
      setStage({ at: 'reading' })
      const body = await asBody(source, name)
      if (body.source !== undefined) setStage({ at: 'sent', bytes: source.file?.size ?? body.source.length })
      const offer = await writes.putIn({ ...body, dry_run: true })
      return { offer, body }
    },
  })
  const put = useMutation({
    mutationFn: (risks: Risks): Promise<PutInConnector> => writes.putIn({ ...look.data?.body, risks }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['connectors'] })
      void client.invalidateQueries({ queryKey: ['workflows'] })
    },
  })
  return { look, put, stage }
}

/** What happens meanwhile, and for how long: a document of megabytes takes seconds. */
function Progress({ stage }: { stage: Stage }) {
  const [seconds, setSeconds] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setSeconds((old) => old + 1), 1_000)
    return () => clearInterval(timer)
  }, [])
  const text = stage.at === 'reading' ? s.reading : s.sent(stage.bytes)
  return (
    <div className="flex flex-wrap items-center gap-3 rounded-md bg-sunken px-3 py-2 text-sm text-muted">
      <progress aria-label={s.progress} className="h-2 w-40 accent-accent" />
      <span role="status">{text}</span>
      <span aria-hidden className="tabular-nums">
        {s.seconds(seconds)}
      </span>
    </div>
  )
}

/** Why it was not taken: what is wrong in general, and what was found in this document. */
function Refusal({ error }: { error: Error }) {
  const title = error instanceof ApiProblem ? error.problem.title : undefined
  return (
    <Note tone="bad">
      {title && title !== error.message && <strong className="block font-medium">{title}</strong>}
      <span className="break-words whitespace-pre-wrap">{error.message}</span>
    </Note>
  )
}

/** A connector from a file, a pasted text or an address: a manifest, or an OpenAPI document. */
export default function AddConnectorPage() {
  const { name: given } = useSearch({ from: '/shell/connectors/add-new' })
  const may = useMay('admin')
  const [source, setSource] = useState<Source>({ text: '' })
  const [name, setName] = useState(given ?? '')
  const { look, put, stage } = usePutIn()
  const again = () => {
    put.reset()
    look.reset()
  }
  const title = given ? s.revisionTitle(given) : s.title
  useTitle(title)
  const taken =
    look.error instanceof ApiProblem && look.error.problem.pointer === '/name' ? look.error.message : undefined
  return (
    <>
      <PageHead title={<Crumb>{title}</Crumb>} />
      <PageBody className="flex flex-col gap-4">
        {put.data ? (
          <AddResult answer={put.data} onAgain={again} />
        ) : look.data ? (
          <>
            {put.error && <Refusal error={put.error} />}
            <Review offer={look.data.offer} busy={put.isPending} onInstall={put.mutate} onBack={again} />
          </>
        ) : (
          <form
            className="flex flex-col gap-4"
            onSubmit={(event) => {
              event.preventDefault()
              look.mutate({ source, name })
            }}
          >
            <p className="text-sm text-muted">{s.text}</p>
            {!may && <Note tone="warn">{s.admins}</Note>}
            <fieldset disabled={!may || look.isPending} className="flex min-w-0 flex-col gap-4">
              <SourceFields source={source} onChange={setSource} />
              <Field label={s.name} hint={s.nameHint} error={taken} className="max-w-sm">
                {(props) => (
                  <Input
                    {...props}
                    value={name}
                    pattern="[a-z][a-z0-9_]*"
                    className="font-mono"
                    autoComplete="off"
                    onChange={(event) => setName(event.target.value)}
                  />
                )}
              </Field>
            </fieldset>
            {look.isPending && <Progress stage={stage} />}
            {look.error && !taken && <Refusal error={look.error} />}
            <div>
              <Button type="submit" look="primary" busy={look.isPending} disabled={!may || isNothing(source)}>
                {s.submit}
              </Button>
            </div>
          </form>
        )}
      </PageBody>
    </>
  )
}
