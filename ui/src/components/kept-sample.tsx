import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, problemText, send } from '@/api/client'
import { queries } from '@/api/queries'
import type { Sample } from '@/api/types'
import { useMay } from '@/app/session'
import { Button } from '@/ui/button'
import { At } from '@/ui/time'
import { toast } from '@/ui/toast'
import { strings } from './strings'

const s = strings.sample
const NONE: readonly Sample[] = []

/** The samples that are kept with a workflow; none for who may not build. */
export function useSamples(workflow: string): readonly Sample[] {
  const may = useMay('builder')
  return useQuery({ ...queries.samples(workflow), enabled: may }).data?.items ?? NONE
}

/** Keeps the sample of a step or a trigger with its workflow, or takes it away. */
export function useKeepSample(workflow: string, of: 'step' | 'trigger', name: string) {
  const client = useQueryClient()
  const path = { id: workflow, of, name }
  const done = {
    onError: (error: unknown) => toast.bad(problemText(error)),
    onSettled: () => client.invalidateQueries({ queryKey: queries.samples(workflow).queryKey }),
  }
  const keep = useMutation({
    mutationFn: (value: unknown) =>
      send(api.PUT('/api/v1/workflows/{id}/samples/{of}/{name}', { params: { path }, body: { value } })),
    ...done,
  })
  const remove = useMutation({
    mutationFn: () => send(api.DELETE('/api/v1/workflows/{id}/samples/{of}/{name}', { params: { path } })),
    ...done,
  })
  return { keep, remove }
}

/** Since when a sample is kept and by whom, and the way to be rid of it. */
export function KeptSample({
  sample,
  removing,
}: {
  sample: Sample
  removing: ReturnType<typeof useKeepSample>['remove']
}) {
  return (
    <p className="flex flex-wrap items-center gap-x-2 text-xs text-muted">
      <span>
        {s.kept(sample.kept_by?.name)} <At at={sample.kept_at} />
      </span>
      <Button
        small
        look="quiet"
        aria-label={s.removeOf(sample.id)}
        busy={removing.isPending}
        onClick={() => removing.mutate()}
      >
        {s.remove}
      </Button>
    </p>
  )
}
