import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { FileUp, FlaskConical, ShieldCheck, Workflow as WorkflowIcon } from 'lucide-react'
import { lazy, Suspense, useMemo, useState } from 'react'
import { problemText } from '@/api/client'
import { queries } from '@/api/queries'
import type { Template } from '@/api/types'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMay } from '@/app/session'
import { SearchBox } from '@/components/search-box'
import { asDocument, titleOf } from '@/model/document'
import { nearest, type Candidate, type Match } from '@/model/sentence'
import { Button, buttonClass } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Field, Input } from '@/ui/field'
import { Note, Skeleton } from '@/ui/states'
import { reads, writes } from './api'
import { ImportFile } from './import-file'
import { strings as s } from './strings'
import { TemplateSettings, type Answers } from './template-settings'

const Canvas = lazy(() => import('@/components/canvas/canvas').then((module) => ({ default: module.WorkflowCanvas })))

/** What a sentence is held against. */
function candidateOf(template: Template): Candidate {
  const steps = Object.entries(asDocument(template.document).steps).map(([id, step]) => titleOf(id, step))
  const { id, name, description, connectors, channels, approvers } = template
  return { id, name, description, parts: [...steps, ...connectors, ...channels, ...approvers] }
}

/** The templates as they fit the sentence, the nearest first; all of them when there is none. */
function ordered(items: readonly Template[], matches: readonly Match[]): [Template, Match | undefined][] {
  if (matches.length === 0) return items.map((template) => [template, undefined])
  return matches.flatMap((match): [Template, Match][] => {
    const template = items.find((one) => one.id === match.id)
    return template ? [[template, match]] : []
  })
}

function Card({ template, match, chosen }: { template: Template; match?: Match; chosen: boolean }) {
  return (
    <li>
      <Link
        to="/templates"
        search={(old) => ({ ...old, template: template.id })}
        replace
        aria-current={chosen ? 'true' : undefined}
        className={cx(
          'flex h-full flex-col gap-1 rounded-lg border bg-raised p-3 hover:bg-hover',
          chosen ? 'border-accent ring-2 ring-accent/30' : 'border-line',
        )}
      >
        <span className="font-medium">{template.name}</span>
        <span className="text-sm text-muted">{template.description}</span>
        {match && (
          <span className={cx('text-xs', match.missing.length > 0 ? 'text-warn' : 'text-ok')}>
            {match.missing.length > 0 ? s.differs(match.missing) : s.fits}
          </span>
        )}
        <span className="mt-auto flex flex-wrap gap-x-3 gap-y-1 pt-1 text-xs text-faint">
          <span className="inline-flex items-center gap-1">
            <WorkflowIcon size={12} /> {s.steps(template.steps)}
          </span>
          <span className="inline-flex items-center gap-1">
            <FlaskConical size={12} /> {s.tests(template.tests)}
          </span>
          {template.approvers.length > 0 && (
            <span className="inline-flex items-center gap-1">
              <ShieldCheck size={12} /> {template.approvers.join(', ')}
            </span>
          )}
        </span>
      </Link>
    </li>
  )
}

function Preview({ template, may }: { template: Template; may: boolean }) {
  const [name, setName] = useState(template.name)
  const [settings, setSettings] = useState<Answers>({})
  // The same press twice makes one workflow; other words or settings are another one.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const key = useMemo(() => crypto.randomUUID(), [name, settings])
  const navigate = useNavigate()
  const client = useQueryClient()
  const document = useMemo(() => asDocument(template.document), [template])
  const make = useMutation({
    mutationFn: () => writes.useTemplate(template.id, { name, settings }, key),
    onSuccess: (workflow) => {
      client.setQueryData(queries.workflow(workflow.id).queryKey, workflow)
      void client.invalidateQueries({ queryKey: ['workflows', 'list'] })
      void navigate({ to: '/workflows/$workflow', params: { workflow: workflow.id } })
    },
  })
  return (
    <section aria-label={s.preview(template.name)} className="flex min-h-0 flex-1 flex-col gap-3">
      <h2 className="text-base font-semibold">{template.name}</h2>
      <p className="text-sm text-muted">{template.description}</p>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          make.mutate()
        }}
      >
        <TemplateSettings asks={template.asks} answers={settings} disabled={!may} onChange={setSettings} />
        <div className="flex flex-wrap items-end gap-2">
          <Field label={s.name} className="min-w-48 flex-1">
            {(props) => (
              <Input
                {...props}
                required
                maxLength={200}
                value={name}
                disabled={!may}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Field>
          <Button type="submit" look="primary" busy={make.isPending} disabled={!may}>
            {s.use}
          </Button>
        </div>
      </form>
      {!may && <Note tone="muted">{s.may}</Note>}
      {make.error && <Note tone="bad">{problemText(make.error)}</Note>}
      <div className="min-h-96 flex-1 overflow-hidden rounded-lg border border-line">
        <Suspense fallback={<Skeleton className="h-full" />}>
          <Canvas document={document} />
        </Suspense>
      </div>
    </section>
  )
}

/** The list of templates, and the sentence it is ordered by. */
function Gallery({ items, chosen }: { items: readonly Template[]; chosen: Template | undefined }) {
  const { say } = useSearch({ from: '/shell/templates' })
  const navigate = useNavigate()
  const matches = useMemo(() => nearest(say ?? '', items.map(candidateOf)), [say, items])
  return (
    <div className="flex flex-col gap-3 lg:w-96 lg:shrink-0 lg:overflow-y-auto lg:pr-1">
      <p className="text-sm text-muted">{s.intro}</p>
      <SearchBox
        label={s.say}
        placeholder={s.sayHint}
        group={s.title}
        value={say}
        className="!w-full"
        onChange={(text) =>
          void navigate({ to: '/templates', search: (old) => ({ ...old, say: text }), replace: true })
        }
      />
      {say && matches.length === 0 && <Note tone="muted">{s.nothing}</Note>}
      <ul aria-label={s.list} className="grid gap-2 sm:grid-cols-2 lg:grid-cols-1">
        {ordered(items, matches).map(([template, match]) => (
          <Card key={template.id} template={template} match={match} chosen={template === chosen} />
        ))}
      </ul>
    </div>
  )
}

/** The gallery, with a preview of the graph; and a place to drop a file of one's own. */
export default function TemplatesPage() {
  useTitle(s.title)
  const may = useMay('builder')
  const { template: id } = useSearch({ from: '/shell/templates' })
  const query = useQuery(reads.templates())
  return (
    <>
      <PageHead
        title={
          <>
            <Link to="/workflows" className="font-normal text-faint hover:text-text">
              {s.workflows}
            </Link>{' '}
            <span className="text-faint">/</span> {s.title}
          </>
        }
        actions={
          <Link to="/templates" className={buttonClass()}>
            <FileUp size={15} /> {s.import.title}
          </Link>
        }
      />
      <QueryState query={query}>
        {(data) => {
          const chosen = data.items.find((template) => template.id === id)
          return (
            <div className="flex min-h-0 flex-1 flex-col gap-6 p-4 lg:flex-row">
              <Gallery items={data.items} chosen={chosen} />
              {chosen ? (
                <Preview key={chosen.id} template={chosen} may={may} />
              ) : (
                <div className="m-auto flex w-full max-w-xl flex-col gap-6">
                  <p className="text-center text-sm text-faint">{s.pick}</p>
                  <ImportFile may={may} />
                </div>
              )}
            </div>
          )
        }}
      </QueryState>
    </>
  )
}
