import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { LayoutTemplate, Plus, Workflow as WorkflowIcon } from 'lucide-react'
import { useState } from 'react'
import { queries } from '@/api/queries'
import { useActions, type Action } from '@/app/actions'
import { PageHead, useTitle } from '@/app/page'
import { QueryState } from '@/app/query-state'
import { useMay } from '@/app/session'
import { Button, buttonClass } from '@/ui/button'
import { Input } from '@/ui/field'
import { Empty } from '@/ui/states'
import { CreateWorkflow } from './create-workflow'
import { strings as s } from './strings'
import { WorkflowTable } from './workflow-table'

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
          if (data.items.length > 0) return <WorkflowTable workflows={data.items} />
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
