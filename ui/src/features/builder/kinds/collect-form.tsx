import { ChevronDown, Plus } from 'lucide-react'
import { lazy, Suspense, useMemo, useState } from 'react'
import type { CollectForm } from '@/model/document'
import { formPages } from '@/model/form-pages'
import { Button, IconButton } from '@/ui/button'
import { Menu } from '@/ui/menu'
import { Skeleton } from '@/ui/states'
import { useBuilder } from '../context'
import { DurationField, Group, movedUp, NumberField, PairsField, TextField } from '../fields'
import { strings } from '../strings'
import { FormFieldRow } from './form-field-row'
import { readFields, TYPES, withField, withoutField, writeFields, type FormField } from './form-fields'
import { FormOverChannels } from './form-over-channels'

const s = strings.form
const PagedForm = lazy(() => import('@/components/schema-form/paged-form'))

export function CollectFormEditor({ id, step }: { id: string; step: CollectForm }) {
  const builder = useBuilder()
  const place = useMemo(() => ({ kind: 'set' as const, step: id }), [id])
  const [sample, setSample] = useState<Record<string, unknown>>({})
  const [added, setAdded] = useState(-1)
  const fields = readFields(step.form)
  const set = (next: FormField[]) =>
    builder.perform({ op: 'set_field', id, path: ['form'], value: writeFields(step.form, next) })
  const fresh = () => {
    for (let number = 1; ; number += 1)
      if (!fields.some((field) => field.name === `field_${number}`)) return `field_${number}`
  }
  const add = (type: string) => {
    setAdded(fields.length)
    set([...fields, { name: fresh(), schema: { ...TYPES[type], title: '' }, required: type === 'consent' }])
  }
  return (
    <>
      <TextField id={id} path={['prompt']} label={s.prompt} rows={2} mode="template" />
      <Group title={s.fields} field="form">
        <ol className="flex flex-col gap-2">
          {fields.map((field, index) => (
            <FormFieldRow
              key={index}
              field={field}
              index={index}
              only={fields.length === 1}
              step={id}
              earlier={fields.slice(0, index)}
              fresh={index === added}
              taken={(name) => fields.some((one) => one.name === name)}
              change={(next) => set(withField(fields, index, next))}
              up={() => {
                setAdded(-1)
                set(movedUp(fields, index))
              }}
              remove={() => {
                setAdded(-1)
                set(withoutField(fields, index))
              }}
            />
          ))}
        </ol>
        <div className="flex items-center gap-0.5">
          <Button small icon={<Plus size={13} />} onClick={() => add('string')}>
            {s.add}
          </Button>
          <Menu
            align="start"
            trigger={
              <IconButton label={s.addOther}>
                <ChevronDown size={13} />
              </IconButton>
            }
            items={Object.entries(s.types).map(([type, label]) => ({ id: type, label, run: () => add(type) }))}
          />
        </div>
        <TextField id={id} path={['form', 'title']} label={s.heading} />
        <TextField id={id} path={['submit']} label={s.submit} />
      </Group>
      <FormOverChannels
        form={step.form}
        prompt={step.prompt ?? ''}
        inline={
          <div className="rounded-2xl rounded-bl-md border border-line-strong p-4">
            {step.prompt && <p className="mb-3 text-[15px] whitespace-pre-wrap">{step.prompt}</p>}
            <Suspense fallback={<Skeleton className="h-20" />}>
              <PagedForm
                key={formPages(step.form).length}
                id={`preview-${id}`}
                schema={step.form}
                values={sample}
                large
                submitLabel={step.submit || strings.run.submit}
                onChange={setSample}
                onSubmit={() => undefined}
              />
            </Suspense>
          </div>
        }
      />
      <PairsField id={id} path={['prefill']} label={s.prefill} first="{{ customer.email }}" />
      <PairsField id={id} path={['set']} label={strings.tool.set} place={place} />
      {step.timeout && <DurationField id={id} path={['timeout', 'after']} label={s.timeout} required />}
      {step.on_unusable && (
        <NumberField id={id} path={['on_unusable', 'replies']} label={s.unusable} fallback={3} min={1} max={20} keep />
      )}
    </>
  )
}
