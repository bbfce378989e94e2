import { Link } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { buttonClass } from '@/ui/button'
import { Empty } from '@/ui/states'
import { strings } from './strings'

export function NotFound() {
  return (
    <Empty icon={<Compass size={20} />} title={strings.notFound.title} action={<Link to="/inbox" className={buttonClass('plain')}>{strings.notFound.action}</Link>}>
      {strings.notFound.text}
    </Empty>
  )
}
