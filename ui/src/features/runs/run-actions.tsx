import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Ban, Download, Ellipsis, FlaskConical, RotateCcw, Workflow } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { queries } from '@/api/queries'
import type { RunDetail } from '@/api/types'
import { useActions, type Action } from '@/app/actions'
import { useMay } from '@/app/session'
import { FormDialog } from '@/components/form-dialog'
import { Button, IconButton } from '@/ui/button'
import { download } from '@/ui/download'
import { Field, Input } from '@/ui/field'
import { Menu } from '@/ui/menu'
import { toast } from '@/ui/toast'
import { writes } from './api'
import type { RetryFrom } from './retry-dialog'
import { strings } from './strings'

const s = strings.detail
const RetryDialog = lazy(() => import('./retry-dialog'))
const TestDialog = lazy(() => import('./test-dialog'))

function useRunChange<T>(run: RunDetail, call: (input: T) => Promise<RunDetail>, said: string, done: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: call,
    onSuccess: (next) => {
      client.setQueryData(queries.run(run.id).queryKey, next)
      void client.invalidateQueries({ queryKey: ['runs'] })
      toast.ok(said)
      done()
    },
  })
}

function CancelDialog({ run, onClose }: { run: RunDetail; onClose: () => void }) {
  const [reason, setReason] = useState('')
  const cancel = useRunChange(
    run,
    () => writes.cancelRun(run.id, { reason: reason || undefined }),
    s.cancelled,
    onClose,
  )
  return (
    <FormDialog
      title={s.cancelTitle}
      text={s.cancelText}
      submit={s.cancel}
      keep={s.keep}
      danger
      sending={cancel}
      onSubmit={() => cancel.mutate(undefined)}
      onClose={onClose}
    >
      <Field label={s.reason} hint={s.reasonHint}>
        {(props) => <Input {...props} autoFocus value={reason} onChange={(event) => setReason(event.target.value)} />}
      </Field>
    </FormDialog>
  )
}

/** What can be done with a run: as buttons, menu, keys and palette entries. */
export function RunActions({
  run,
  retrying,
  onRetry,
}: {
  run: RunDetail
  retrying: RetryFrom | null
  onRetry: (from: RetryFrom | null) => void
}) {
  const navigate = useNavigate()
  const [cancelling, setCancelling] = useState(false)
  const [copying, setCopying] = useState(false)
  const may = useMay('operator')
  const mayBuild = useMay('builder')
  const ended = run.ended_at != null
  const retry: Action = {
    id: 'run.retry',
    label: run.status === 'failed' ? s.retry : s.runAgain,
    group: strings.group,
    shortcut: 'shift+mod+r',
    enabled: may && ended,
    run: () => onRetry({}),
  }
  const cancel: Action = {
    id: 'run.cancel',
    label: s.cancel,
    group: strings.group,
    enabled: may && !ended,
    run: () => setCancelling(true),
  }
  const open: Action = {
    id: 'run.workflow',
    label: s.workflow,
    group: strings.group,
    shortcut: 'w',
    run: () => void navigate({ to: '/workflows/$workflow', params: { workflow: run.workflow.id } }),
  }
  const save: Action = {
    id: 'run.export',
    label: s.export,
    group: strings.group,
    run: () => download(`run-${run.id}.json`, JSON.stringify(run, null, 2), 'json'),
  }
  const test: Action = {
    id: 'run.test',
    label: s.test,
    group: strings.group,
    shortcut: 't',
    enabled: mayBuild,
    run: () => setCopying(true),
  }
  useActions([retry, cancel, open, test, save])
  const icons = {
    'run.retry': <RotateCcw size={14} />,
    'run.cancel': <Ban size={14} />,
    'run.workflow': <Workflow size={14} />,
    'run.test': <FlaskConical size={14} />,
    'run.export': <Download size={14} />,
  }
  return (
    <>
      {retry.enabled && run.status === 'failed' && (
        <Button look="primary" small icon={<RotateCcw size={14} />} onClick={retry.run}>
          {s.retry}
        </Button>
      )}
      {cancel.enabled && (
        <Button look="danger" small icon={<Ban size={14} />} onClick={cancel.run}>
          {s.cancel}
        </Button>
      )}
      <Menu
        trigger={
          <IconButton label={s.more}>
            <Ellipsis size={16} />
          </IconButton>
        }
        items={[open, test, save, retry, cancel].map((action) => ({
          ...action,
          icon: icons[action.id as keyof typeof icons],
          disabled: action.enabled === false,
          danger: action === cancel,
        }))}
      />
      {cancelling && <CancelDialog run={run} onClose={() => setCancelling(false)} />}
      {copying && (
        <Suspense>
          <TestDialog run={run} onClose={() => setCopying(false)} />
        </Suspense>
      )}
      {retrying && (
        <Suspense>
          <RetryDialog run={run} from={retrying} onClose={() => onRetry(null)} />
        </Suspense>
      )}
    </>
  )
}
