import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { problemText } from '@/api/client'
import { arrivedWith } from '@/app/arrived'
import { PageBody, PageHead, useTitle } from '@/app/page'
import { buttonClass } from '@/ui/button'
import { Note, SkeletonRows } from '@/ui/states'
import { toast } from '@/ui/toast'
import { writes } from './api'
import { strings as s } from './strings'

/** A state is taken once, so it is sent once, also where React mounts twice. */
let sent = false

/** Where a service sends people back to who connect an account. Opening it changes nothing: what came is sent on. */
export default function ConnectedPage() {
  useTitle(s.tokens.back)
  const client = useQueryClient()
  const navigate = useNavigate()
  const given = (name: string) => arrivedWith.get(name) ?? undefined
  const state = given('state')
  const finish = useMutation({
    mutationFn: (state: string) =>
      writes.finishConnecting({
        state,
        code: given('code'),
        error: given('error'),
        error_description: given('error_description'),
      }),
    onSuccess: ({ name }) => {
      void client.invalidateQueries({ queryKey: ['connections'] })
      toast.ok(s.tokens.done(name))
      void navigate({ to: '/connectors', replace: true })
    },
  })
  const { mutate } = finish
  useEffect(() => {
    if (!state || sent) return
    sent = true
    mutate(state)
  }, [state, mutate])
  const wrong = !state ? s.tokens.nothing : finish.error ? problemText(finish.error) : null
  return (
    <>
      <PageHead title={s.tokens.back} />
      <PageBody className="flex max-w-xl flex-col items-start gap-4">
        {wrong === null ? (
          <SkeletonRows rows={2} label={s.tokens.waiting} />
        ) : (
          <>
            <Note tone="bad">{wrong}</Note>
            <Link to="/connectors" className={buttonClass('primary')}>
              {s.tokens.toConnections}
            </Link>
          </>
        )}
      </PageBody>
    </>
  )
}
