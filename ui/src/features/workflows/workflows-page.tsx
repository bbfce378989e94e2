import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { LayoutTemplate, Plus, Workflow as WorkflowIcon } from 'lucide-react'
import { useState } from 'react'
import { queries } from '@/api/queries'
import type { WorkflowSummary } from '@/api/types'
import { useActions, type Action } from '@/app/actions'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMay } from '@/app/session'
import { Button, buttonClass } from '@/ui/button'
import { Input } from '@/ui/field'
import { Empty } from '@/ui/states'
import { Ago } from '@/ui/time'
import { CreateWorkflow } from './create-workflow'
import { strings as s } from './strings'

function Table({ workflows }: { workflows: WorkflowSummary[] }) {
  return (
    <table aria-label={s.title} className="w-full table-fixed text-sm">
      <thead className="text-left text-xs text-faint">
        <tr className="border-b border-line">
          <th scope="col" className="px-4 py-2 font-medium">
            {s.columns.name}
          </th>
          <th scope="col" className="w-24 px-2 py-2 font-medium">
            {s.columns.version}
          </th>
          <th scope="col" className="hidden w-24 px-2 py-2 text-right font-medium sm:table-cell">
            {s.columns.running}
          </th>
          <th scope="col" className="hidden w-24 px-2 py-2 text-right font-medium sm:table-cell">
            {s.columns.waiting}
          </th>
          <th scope="col" className="w-32 px-4 py-2 text-right font-medium">
            {s.columns.edited}
          </th>
        </tr>
      </thead>
      <tbody>
        {workflows.map((workflow) => (
          <tr key={workflow.id} className="relative h-11 border-b border-line hover:bg-hover">
            <td className="truncate px-4">
              <Link
                to="/workflows/$workflow"
                params={{ workflow: workflow.id }}
                className="font-medium after:absolute after:inset-0"
              >
                {workflow.name}
              </Link>
              {workflow.has_unpublished_changes && workflow.active_version != null && (
                <span className="ml-2 text-xs text-warn">{s.unpublished}</span>
              )}
            </td>
            <td className="px-2">
              {workflow.active_version != null ? (
                <span className="rounded border border-line px-1.5 font-mono text-xs text-muted">
                  v{workflow.active_version}
                </span>
              ) : (
                <span className="text-xs text-faint">{s.never}</span>
              )}
            </td>
            <td className="hidden px-2 text-right text-muted tabular-nums sm:table-cell">
              {workflow.running.toLocaleString()}
            </td>
            <td className="hidden px-2 text-right text-muted tabular-nums sm:table-cell">
              {workflow.waiting.toLocaleString()}
            </td>
            <td className="px-4 text-right text-faint">
              <Ago at={workflow.draft_updated_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

export default function WorkflowsPage() {
  useTitle(s.title)
  const { text } = useSearch({ from: '/shell/workflows' })
  const navigate = useNavigate({ from: '/workflows' })
  const query = useQuery({ ...queries.workflows(text), placeholderData: keepPreviousData })
  const [creating, setCreating] = useState(false)
  const may = useMay('builder')
  const create: Action = {
    id: 'workflow.create',
    label: s.create,
    group: s.group,
    shortcut: 'n',
    enabled: may,
    run: () => setCreating(true),
  }
  useActions([create])
  const button = (
    <Button look="primary" icon={<Plus size={15} />} shortcut="n" disabled={!may} onClick={create.run}>
      {s.create}
    </Button>
  )
  return (
    <>
      <PageHead
        title={s.title}
        actions={
          <>
            <Input
              type="search"
              aria-label={s.search}
              placeholder={s.searchPlaceholder}
              value={text ?? ''}
              onChange={(event) => void navigate({ search: { text: event.target.value || undefined }, replace: true })}
              className="!w-32 sm:!w-52"
            />
            <Link to="/templates" className={buttonClass()}>
              <LayoutTemplate size={15} /> {s.templates}
            </Link>
            {button}
          </>
        }
      />
      <QueryState query={query}>
        {(data) => {
          if (data.items.length > 0) return <Table workflows={data.items} />
          if (text)
            return (
              <Empty icon={<WorkflowIcon size={20} />} title={s.emptySearch.title}>
                {s.emptySearch.text}
              </Empty>
            )
          return (
            <Empty
              icon={<WorkflowIcon size={20} />}
              title={s.empty.title}
              action={
                <span className="flex gap-2">
                  <Link to="/templates" className={buttonClass()}>
                    <LayoutTemplate size={15} /> {s.templates}
                  </Link>
                  {button}
                </span>
              }
            >
              {s.empty.text}
            </Empty>
          )
        }}
      </QueryState>
      {creating && <CreateWorkflow onClose={() => setCreating(false)} />}
    </>
  )
}
