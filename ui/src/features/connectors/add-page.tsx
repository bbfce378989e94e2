import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { PutInConnector } from '@/api/types'
import { PageBody, PageHead, useTitle } from '@/app/page'
import { AddForm, type Given, type Stage } from './add-form'
import { AddResult } from './add-result'
import { writes } from './api'
import { Crumb } from './crumb'
import { corrected, Review, type Risks } from './review'
import { fromAddress } from './source-fields'
import { strings } from './strings'

const s = strings.add

/** What is sent of it, read here when it is a file. */
async function asBody({ source, name: given }: Given) {
  const name = given.trim() || undefined
  if (fromAddress(source)) return { url: source.url?.trim(), name }
  return { source: source.file ? await source.file.text() : source.text, name }
}

/** First it is looked at, which writes nothing; then what was looked at is put in, and nothing else. */
function usePutIn() {
  const client = useQueryClient()
  const [stage, setStage] = useState<Stage>({ at: 'reading' })
  const [risks, setRisks] = useState<Risks>({})
  const look = useMutation({
    mutationFn: async (given: Given) => {
      setStage({ at: 'reading' })
      const body = await asBody(given)
      if (body.source !== undefined) setStage({ at: 'sent', bytes: given.source.file?.size ?? body.source.length })
      const offer = await writes.putIn({ ...body, dry_run: true })
      return { offer, body }
    },
    onSuccess: ({ offer }) => {
      const names = new Set(offer.offered?.map(({ name }) => name))
      setRisks((said) => Object.fromEntries(Object.entries(said).filter(([name]) => names.has(name))))
    },
  })
  const put = useMutation({
    mutationFn: ({ offer, body }: NonNullable<typeof look.data>): Promise<PutInConnector> =>
      writes.putIn({ ...body, reviewed: offer.reviewed, risks: corrected(offer, risks) }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['connectors'] })
      void client.invalidateQueries({ queryKey: ['workflows'] })
    },
  })
  return { look, put, stage, risks, setRisks }
}

/** A connector from a file, a pasted text or an address: a manifest, or an OpenAPI document. */
export default function AddConnectorPage() {
  const { name: revised } = useSearch({ from: '/shell/connectors/add-new' })
  const [given, setGiven] = useState<Given>({ source: { text: '' }, name: revised ?? '' })
  const [returned, setReturned] = useState(false)
  const { look, put, stage, risks, setRisks } = usePutIn()
  const title = revised ? s.revisionTitle(revised) : s.title
  useTitle(title)
  const back = () => {
    put.reset()
    look.reset()
    setReturned(true)
  }
  const again = () => {
    put.reset()
    look.mutate(given)
  }
  const another = () => {
    setGiven({ source: { text: '' }, name: '' })
    setRisks({})
    back()
  }
  const looked = look.data
  return (
    <>
      <PageHead title={<Crumb>{title}</Crumb>} />
      <PageBody className="flex flex-col gap-4">
        {put.data ? (
          <AddResult answer={put.data} onAgain={another} />
        ) : looked ? (
          <Review
            offer={looked.offer}
            risks={risks}
            busy={put.isPending}
            error={put.error}
            onSay={setRisks}
            onInstall={() => put.mutate(looked)}
            onBack={back}
            onAgain={again}
          />
        ) : (
          <AddForm
            label={title}
            given={given}
            returned={returned}
            stage={look.isPending ? stage : null}
            error={look.error}
            onChange={setGiven}
            onSubmit={again}
          />
        )}
      </PageBody>
    </>
  )
}
