import { Link } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { buttonClass } from '@/ui/button'
import { Empty } from '@/ui/states'
import { strings } from './strings'

/** Nothing at this address, or nothing of that name. */
export function NotFound({ heading }: { heading?: 'h1' }) {
  return (
    <Empty
      heading={heading}
      icon={<Compass size={20} />}
      title={strings.notFound.title}
      action={
        <Link to="/inbox" className={buttonClass('plain')}>
          {strings.notFound.action}
        </Link>
      }
    >
      {strings.notFound.text}
    </Empty>
  )
}

/** The same as a page of its own, outside the frame. */
export function NoSuchPage() {
  return (
    <main className="flex min-h-dvh flex-col">
      <NotFound heading="h1" />
    </main>
  )
}
