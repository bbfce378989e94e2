import { useQuery } from '@tanstack/react-query'
import { queries } from '@/api/queries'
import { Select } from '@/ui/field'
import { strings } from './strings'

/** Of which workflow; nothing for all. */
export function WorkflowFilter({
  value,
  onChange,
  className,
}: {
  value: string | undefined
  onChange: (workflow: string | undefined) => void
  className?: string
}) {
  const { data: workflows } = useQuery(queries.workflows())
  return (
    <Select
      aria-label={strings.workflow.label}
      value={value ?? ''}
      onChange={(event) => onChange(event.target.value || undefined)}
      className={className}
    >
      <option value="">{strings.workflow.all}</option>
      {workflows?.items.map((workflow) => (
        <option key={workflow.id} value={workflow.id}>
          {workflow.name}
        </option>
      ))}
    </Select>
  )
}
