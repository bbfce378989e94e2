import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { strings } from './strings'

/** The title of a page below the connectors, with the way back. */
export function Crumb({ children }: { children: ReactNode }) {
  return (
    <>
      <Link to="/connectors" className="font-normal text-faint hover:text-text">
        {strings.title}
      </Link>{' '}
      <span className="text-faint">/</span> {children}
    </>
  )
}
