import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Play, Zap } from 'lucide-react'
import { useState } from 'react'
import { problemText } from '@/api/client'
import { queries } from '@/api/queries'
import type { Trigger, Workflow } from '@/api/types'
import { PageBody, PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMay } from '@/app/session'
import { StartRun } from '@/components/start-run/start-run'
import { KindTag } from '@/components/step-cards'
import { asDocument, type Trigger as Definition } from '@/model/document'
import { timeLeft } from '@/model/duration'
import { Button, buttonClass } from '@/ui/button'
import { Checkbox } from '@/ui/field'
import { Empty, Failure, Note } from '@/ui/states'
import { useNow } from '@/ui/time'
import { toast } from '@/ui/toast'
import { reads, writes } from './api'
import { Fires } from './fires'
import { strings as s } from './strings'
import { Webhook } from './webhook'

/** What came through these can come once more: a message is said again by who said it, a start is a new one. */
const REPLAYED = ['webhook', 'schedule']

function Switch({ workflow, trigger }: { workflow: string; trigger: Trigger }) {
  const client = useQueryClient()
  const change = useMutation({
    mutationFn: (enabled: boolean) => writes.change(workflow, trigger.id, { enabled }),
    onSuccess: (_, enabled) => toast.ok(s.switched(trigger.id, enabled)),
    onError: (error) => toast.bad(problemText(error)),
    onSettled: () => client.invalidateQueries({ queryKey: ['workflows', 'triggers'] }),
  })
  return (
    <Checkbox
      role="switch"
      label={s.on}
      aria-label={s.switch(trigger.id)}
      checked={change.isPending ? change.variables : trigger.enabled}
      disabled={change.isPending}
      onChange={(event) => change.mutate(event.target.checked)}
    />
  )
}

/** How many times of a schedule are told. */
const TIMES_TOLD = 5

const exactly = (at: number, zone: string) =>
  new Date(at).toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'medium', timeZone: zone })

function Next({ at, zone }: { at: number | null; zone: string }) {
  const now = useNow()
  if (at === null) return <span className="text-faint">{s.noNext}</span>
  const left = timeLeft(at, now)
  return (
    <time dateTime={new Date(at).toISOString()}>
      {left === null ? s.due : s.inTime(left)} · {s.zone(exactly(at, zone), zone)}
    </time>
  )
}

/** The times after the next one, as far as they are told. */
function After({ at, cron, zone }: { at: number; cron: string; zone: string }) {
  const { data } = useQuery(reads.times(cron, zone))
  const times = data?.times.filter((time) => time > at).slice(0, TIMES_TOLD - 1) ?? []
  if (times.length === 0) return null
  return (
    <>
      <dt className="text-muted">{s.after}</dt>
      <dd>
        <ol aria-label={s.after} className="flex flex-col gap-0.5">
          {times.map((time) => (
            <li key={time}>
              <time dateTime={new Date(time).toISOString()}>{exactly(time, zone)}</time>
            </li>
          ))}
        </ol>
      </dd>
    </>
  )
}

function Schedule({ trigger, cron, zone }: { trigger: Trigger; cron: string; zone: string }) {
  const may = useMay('builder')
  return (
    <dl className="grid gap-x-3 gap-y-1 text-sm sm:grid-cols-[6rem_1fr]">
      <dt className="text-muted">{s.every}</dt>
      <dd className="font-mono text-xs leading-5">{cron}</dd>
      <dt className="text-muted">{s.next}</dt>
      <dd>
        <Next at={trigger.next_at} zone={zone} />
      </dd>
      {may && trigger.next_at !== null && <After at={trigger.next_at} cron={cron} zone={zone} />}
    </dl>
  )
}

/** A person presses start: the form of what the run asks for. */
function Manual({ workflow, active }: { workflow: string; active: number }) {
  const [open, setOpen] = useState(false)
  return (
    <div>
      <Button icon={<Play size={14} />} onClick={() => setOpen(true)}>
        {s.start}
      </Button>
      {open && <StartRun workflow={workflow} active={active} onClose={() => setOpen(false)} />}
    </div>
  )
}

type CardProps = { workflow: string; active: number; trigger: Trigger; definition: Definition | undefined }

function Card({ workflow, active, trigger, definition }: CardProps) {
  const may = useMay('builder')
  const operates = useMay('operator')
  return (
    <li className="flex flex-col gap-3 rounded-lg border border-line p-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <KindTag kind={trigger.type} />
        <h2 className="font-medium">{s.types[trigger.type] ?? trigger.type}</h2>
        <span className="font-mono text-xs break-all text-faint">{trigger.id}</span>
        {may && (
          <span className="ml-auto">
            <Switch workflow={workflow} trigger={trigger} />
          </span>
        )}
      </div>
      {trigger.type === 'webhook' && (
        <Webhook
          workflow={workflow}
          trigger={trigger}
          definition={definition?.type === 'webhook' ? definition : undefined}
          may={may}
        />
      )}
      {definition?.type === 'schedule' && (
        <Schedule trigger={trigger} cron={definition.cron} zone={definition.time_zone} />
      )}
      {!trigger.enabled && <Note tone="warn">{s.off[trigger.type]}</Note>}
      {trigger.type === 'manual' && trigger.enabled && operates && <Manual workflow={workflow} active={active} />}
      {definition?.type === 'message' && <code className="font-mono text-xs break-all">{definition.when}</code>}
      <Fires id={trigger.id} fires={trigger.last_fires} replayable={REPLAYED.includes(trigger.type) && operates} />
    </li>
  )
}

function Opened({ workflow }: { workflow: Workflow }) {
  const active = workflow.active_version
  const query = useQuery(reads.triggers(workflow.id))
  const read = useQuery({ ...queries.version(workflow.id, active ?? 0), enabled: active != null })
  const version = read.data
  // Told in the order in which the version has them.
  const definitions = version?.document ? (asDocument(version.document).triggers ?? []) : []
  useTitle(`${s.title} · ${workflow.name}`)
  const toBuilder = (
    <Link to="/workflows/$workflow" params={{ workflow: workflow.id }} className={buttonClass()}>
      {s.toBuilder}
    </Link>
  )
  return (
    <>
      <PageHead
        title={
          <>
            <Link to="/workflows" className="font-normal text-faint hover:text-text">
              {s.workflows}
            </Link>{' '}
            <span className="text-faint">/</span> {workflow.name} <span className="text-faint">/</span> {s.title}
          </>
        }
        actions={toBuilder}
      />
      <PageBody>
        {read.error && !version && (
          <Failure
            title={s.versionFailed}
            detail={problemText(read.error)}
            retry={() => void read.refetch()}
            retryLabel={s.retry}
          />
        )}
        <QueryState query={query}>
          {({ items }) =>
            items.length === 0 || active == null ? (
              <Empty icon={<Zap size={20} />} title={(active == null ? s.unpublished : s.empty).title}>
                {(active == null ? s.unpublished : s.empty).text}
              </Empty>
            ) : (
              <ul aria-label={s.list} className="flex flex-col gap-4">
                {items.map((trigger, index) => {
                  const definition = definitions[index]
                  return (
                    <Card
                      key={trigger.id}
                      workflow={workflow.id}
                      active={active}
                      trigger={trigger}
                      definition={definition?.type === trigger.type ? definition : undefined}
                    />
                  )
                })}
              </ul>
            )
          }
        </QueryState>
      </PageBody>
    </>
  )
}

/** What starts runs of a workflow: addresses, next times, and what came of the last fires. */
export default function TriggersPage() {
  const { workflow: id } = useParams({ from: '/shell/workflows/$workflow/triggers' })
  const query = useQuery(queries.workflow(id))
  return <QueryState query={query}>{(workflow) => <Opened key={workflow.id} workflow={workflow} />}</QueryState>
}
